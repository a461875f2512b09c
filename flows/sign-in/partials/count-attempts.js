// The flow runs this before each attempt; what it returned last time comes back as an argument.
const before = Number(attempts) || 0;
return {
    attempts: before + 1
};

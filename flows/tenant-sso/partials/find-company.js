// The part after the @ of the address decides. Upper and lower case do not differ in domains.
const address = String(email || '').trim().toLowerCase();
const domain = address.slice(address.lastIndexOf('@') + 1);
const known = String(domains || '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
return {
    domain: domain,
    known: known.includes(domain)
};

# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""How the page of a report looks: in light and dark, on a desk, on a phone, on paper."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--page:#f4f5f8;--card:#fff;--text:#1b2330;--soft:#5d6878;--edge:#dfe3ea;
--accent:#2f5fd0;
--add:#12703f;--add-bg:#e4f5ea;--del:#a82c2c;--del-bg:#fbe9e9;--warn:#8f5400;--warn-bg:#fdf1dc;--none:#e9ecf1;
--shadow:0 1px 2px rgba(20,30,50,.06),0 4px 16px rgba(20,30,50,.05)}
@media(prefers-color-scheme:dark){:root{--page:#0f1319;--card:#181e27;--text:#e8ecf2;--soft:#9fabbb;--edge:#2c3543;
--accent:#8fb0ff;--add:#5fd394;--add-bg:#12301f;--del:#ff8f8f;--del-bg:#3a1b1d;--warn:#f0b35a;--warn-bg:#35270f;
--none:#232b36;--shadow:none}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);line-height:1.5;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",Arial,sans-serif}
main,header,footer{max-width:76rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.25rem}
h1{font-size:1.7rem;line-height:1.25;margin:.15rem 0 .4rem;letter-spacing:-.01em}
h2{font-size:1.15rem;margin:2.4rem 0 .8rem}
h3{font-size:1.08rem;margin:0;overflow-wrap:anywhere}
p{margin:.3rem 0}
a{color:var(--accent)}
.kicker{color:var(--accent);font-weight:600;font-size:.86rem;letter-spacing:.02em;margin:0}
.facts{color:var(--soft);font-size:.9rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.4rem,1fr));gap:.75rem;margin:1.3rem 0 0;padding:0}
.tile{background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:.75rem .95rem;
box-shadow:var(--shadow)}
.tile b{display:block;font-size:1.5rem;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:.86rem}
.tile.changed b{color:var(--warn)}.tile.failed b{color:var(--del)}.tile.unchanged b{color:var(--add)}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:1.1rem 0 0;font-size:.95rem}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
.card{background:var(--card);border:1px solid var(--edge);border-radius:14px;padding:1.1rem 1.25rem;margin:0 0 1rem;
box-shadow:var(--shadow);min-width:0}
.card:target{outline:2px solid var(--accent);outline-offset:2px}
.head{display:flex;flex-wrap:wrap;gap:.35rem .7rem;align-items:baseline}
.badge{display:inline-block;border-radius:99px;padding:.1rem .65rem;font-size:.78rem;font-weight:600;
white-space:nowrap}
.create,.added{color:var(--add);background:var(--add-bg)}.delete,.failed,.unreachable,.removed{color:var(--del);
background:var(--del-bg)}
.update,.unknown,.changed{color:var(--warn);background:var(--warn-bg)}.none,.unchanged{color:var(--soft);
background:var(--none)}
.tile.changed,.tile.failed,.tile.unchanged{background:var(--card)}
.sum{color:var(--soft)}
.who{margin:.55rem 0 .2rem;font-size:.95rem}
.chips{display:flex;flex-wrap:wrap;gap:.3rem;margin:.5rem 0 0;padding:0;list-style:none}
.chips li{background:var(--none);border-radius:6px;padding:.05rem .5rem;font-size:.84rem;overflow-wrap:anywhere}
details>summary{cursor:pointer;color:var(--accent);padding:.25rem 0;font-size:.95rem;overflow-wrap:anywhere}
details[open]>summary{margin-bottom:.3rem}
.diff{margin:.7rem 0 0;font-size:.92rem}
.diff .subject{font-weight:600;margin:.65rem 0 .1rem;overflow-wrap:anywhere}
.diff .row{display:grid;grid-template-columns:minmax(6rem,13rem) minmax(0,1fr);gap:0 .8rem;
margin:.15rem 0 .15rem .85rem}
.diff .what{color:var(--soft);padding:.12rem 0;overflow-wrap:anywhere}
.diff del,.diff ins{display:block;text-decoration:none;border-radius:6px;padding:.18rem .6rem .18rem 1.6rem;
margin:.1rem 0;
font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em;
white-space:pre-wrap;overflow-wrap:anywhere;position:relative}
.diff del{color:var(--del);background:var(--del-bg)}.diff ins{color:var(--add);background:var(--add-bg)}
.diff del::before,.diff ins::before{position:absolute;left:.6rem}
.diff del::before{content:"\\2212"}.diff ins::before{content:"+"}
.more{color:var(--soft);font-size:.9rem;margin:.5rem 0 0}
.drawings{display:grid;gap:.9rem;margin-top:.9rem}
figure{margin:0;min-width:0}
figcaption{font-weight:600;font-size:.9rem;margin:0 0 .3rem}
.canvas{overflow:auto;max-height:34rem;border:1px solid var(--edge);border-radius:12px;
-webkit-overflow-scrolling:touch}
.canvas svg{display:block;zoom:.72}
.screens{display:grid;grid-template-columns:repeat(auto-fill,minmax(15.5rem,1fr));gap:.7rem;margin-top:.5rem}
.screen{border:1px solid var(--edge);border-radius:10px;padding:.65rem .85rem;min-width:0;font-size:.9rem}
.screen h4{margin:0 0 .3rem;font-size:.93rem;overflow-wrap:anywhere}
.screen ul{margin:0;padding:0;list-style:none}
.screen li{border-radius:5px;padding:.05rem .4rem;margin:.1rem -.4rem;overflow-wrap:anywhere}
.screen li.gone{color:var(--del);background:var(--del-bg);text-decoration:line-through}
.screen li.new{color:var(--add);background:var(--add-bg)}
.screen li small{color:var(--soft)}
.scroll{overflow:auto;border:1px solid var(--edge);border-radius:14px;background:var(--card);
box-shadow:var(--shadow);max-height:80vh}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:.9rem}
th,td{padding:.42rem .75rem;border-bottom:1px solid var(--edge);text-align:left;background:var(--card);
white-space:nowrap}
thead th{position:sticky;top:0;z-index:2;font-weight:600}
tbody th{position:sticky;left:0;z-index:1;font-weight:500;max-width:15rem;overflow:hidden;text-overflow:ellipsis}
thead th:first-child{left:0;z-index:3}
tbody tr:last-child>*{border-bottom:0}
td a{text-decoration:none}.same{color:var(--add)}td .badge{min-width:4.2rem;text-align:center}
.legend{color:var(--soft);font-size:.86rem;margin:.5rem 0 0}
.plain{margin:.25rem 0;overflow-wrap:anywhere}
footer{color:var(--soft);font-size:.86rem;padding-top:2rem;padding-bottom:2.5rem}
@media(max-width:40rem){main,header,footer{padding-left:.85rem;padding-right:.85rem}header{padding-top:1.3rem}
h1{font-size:1.32rem}
.card{padding:.9rem .95rem}.diff .row{display:block;margin-left:.5rem}
.tiles{grid-template-columns:repeat(3,1fr);gap:.5rem}.tile{padding:.55rem .65rem}
.tile b{font-size:1.2rem}
.tile span{font-size:.78rem}.canvas svg{zoom:.58}.canvas{max-height:24rem}tbody th{max-width:8.5rem}
th,td{padding:.38rem .5rem}}
@media print{body{background:#fff}.scroll,.canvas{max-height:none;overflow:visible}.card{break-inside:avoid-page;
box-shadow:none}}
"""

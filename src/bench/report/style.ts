/** The page's style, in light and dark. */
export const pageStyle = `
:root { --paper: #fbfbfa; --card: #fff; --ink: #1d2330; --soft: #667085; --line: #e4e6eb;
  --first: #2563a8; --second: #c2700c; --bad: #c0362c; --slo: #0f7b5f; --good: #0f7b5f; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171c; --card: #1b1f26; --ink: #e7e9ee;
  --soft: #98a2b3; --line: #2e3440; --first: #6ea8ea; --second: #eba04a; --bad: #ef7168;
  --slo: #4cc29c; --good: #4cc29c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 56px; }
h1 { margin: 0 0 4px; font-size: 28px; overflow-wrap: anywhere; } h1 small { color: var(--soft); font-weight: 400; }
h2 { margin: 0 0 6px; font-size: 15px; }
header p { margin: 0 0 12px; color: var(--soft); overflow-wrap: anywhere; }
header .verdict { display: inline-block; padding: 8px 14px; border-radius: 8px; border: 1px solid var(--line);
  border-left: 5px solid var(--good); background: var(--card); color: var(--ink); }
.verdict.failed { border-left-color: var(--bad); } .verdict.inconclusive { border-left-color: var(--second); }
.verdict b { text-transform: uppercase; font-size: 12px; letter-spacing: .06em; margin-right: 8px; }
.notes { margin: 0 0 8px; padding-left: 18px; color: var(--soft); }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 16px 0; }
.tiles div { flex: 1 1 140px; padding: 12px 16px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.tiles b { display: block; font-size: 22px; font-variant-numeric: tabular-nums; } .tiles span { color: var(--soft); font-size: 13px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 16px; }
figure { margin: 0; padding: 14px 14px 6px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; font-size: 14px; }
.key { color: var(--soft); font-size: 13px; } .key i { display: inline-block; width: 14px; height: 3px; margin: 0 6px 3px 0;
  border-radius: 2px; vertical-align: middle; }
i.first { background: var(--first); } i.second { background: var(--second); } i.bad { background: var(--bad); } i.slo { background: var(--slo); }
svg { display: block; width: 100%; height: auto; margin-top: 6px; font: 12px system-ui, sans-serif; }
svg text { fill: var(--soft); } .grid { stroke: var(--line); } .axis, .mark { stroke: var(--soft); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; } .line.first { stroke: var(--first); } .line.second { stroke: var(--second); }
.bar.first, circle.first { fill: var(--first); } .bar.bad { fill: var(--bad); }
line.slo { stroke: var(--slo); stroke-width: 1.5; stroke-dasharray: 6 4; }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(330px, 100%), 1fr)); gap: 16px; align-items: start;
  margin-top: 16px; }
.tables > div { padding: 14px 16px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.tables .wide { grid-column: 1 / -1; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th { padding: 4px 12px 4px 0; text-align: left; font-weight: 400; color: var(--soft); vertical-align: top; overflow-wrap: break-word; }
td { padding: 4px 0; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
tr + tr { border-top: 1px solid var(--line); }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, monospace; }
`

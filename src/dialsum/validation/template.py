"""The page that `dialsum.validation.page` fills: HTML with Jinja. The bars are drawn by hand as SVG."""

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Validation of {{ folder }}</title>
<style>
:root { color-scheme: light dark; --page: #fbfbfa; --card: #fff; --ink: #1d2126; --soft: #606770; --line: #dcdfe3;
  --bar: #2f6fb0; --good: #1f7a4d; --bad: #b3261e; --warn: #8a5a00; --tint: #f0f2f4; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171a; --card: #1c2024; --ink: #e6e8ea; --soft: #a0a8b0; --line: #343a41;
    --bar: #6aa5e3; --good: #63c595; --bad: #ff8a80; --warn: #e5b454; --tint: #262b31; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 70rem; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR",
  "Noto Sans CJK KR", NanumGothic, sans-serif; word-break: keep-all; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
p { margin: .35rem 0; }
.soft { color: var(--soft); }
.verdict { margin: 1rem 0; padding: .75rem 1rem; border: 1px solid var(--line); border-left: 4px solid var(--good);
  border-radius: 6px; background: var(--card); }
.verdict.refused { border-left-color: var(--bad); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--card); }
table { border-collapse: collapse; width: 100%; min-width: 36rem; }
th, td { padding: .45rem .75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tr:last-child > * { border-bottom: 0; }
thead th, .group th { font-size: .85rem; font-weight: 600; color: var(--soft); background: var(--tint); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.none { color: var(--soft); }
.bad { color: var(--bad); font-weight: 600; }
.warn { color: var(--warn); font-weight: 600; }
td > code:only-child { white-space: nowrap; }
code { font: .88em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--tint);
  padding: .08em .3em; border-radius: 3px; }
details { border: 1px solid var(--line); border-radius: 6px; background: var(--card); margin: .5rem 0; }
summary { cursor: pointer; padding: .5rem .75rem; }
.example { padding: .6rem .75rem; border-top: 1px solid var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem .9rem; margin: .4rem 0 0; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
ul { padding-left: 1.2rem; margin: .35rem 0; }
.bars { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; }
figure { margin: 0; padding: .75rem; border: 1px solid var(--line); border-radius: 6px; background: var(--card); }
figcaption { font-size: .85rem; color: var(--soft); }
figcaption b { color: var(--ink); }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 11px; }
rect { fill: var(--bar); }
rect.rest { fill: var(--soft); }
line { stroke: var(--line); }
</style>
</head>
<body>
<h1>Validation of {{ folder }}</h1>
<p class="soft">What <code>validate</code> found in the three files, and what it made of each row.</p>

{% if refusals %}
<div class="verdict refused">
  <b>The run is stopped: too many rows cannot be used.</b>
  {% for refusal in refusals %}<p>{{ refusal }}</p>{% endfor %}
</div>
{% else %}
<div class="verdict"><b>The data can be used.</b> At most {{ "{:g}".format(limits.max_rejected_fraction * 100) }} % of
  the rows of a split may be set aside (<code>validation.max_rejected_fraction</code>).</div>
{% endif %}

<h2>Rows</h2>
<div class="scroll"><table>
<thead><tr><th>split</th><th>file</th><th class="number">rows</th><th class="number">kept</th>
<th class="number">set aside</th><th class="number">share set aside</th></tr></thead>
<tbody>
{% for split, tally in tallies.items() %}
<tr><th>{{ split }}</th><td>{{ indexes[split].path }}</td><td class="number">{{ tally.rows | comma }}</td>
<td class="number">{{ tally.kept | comma }}</td>
{% set mark = "bad" if tally.rejected else "none" %}
<td class="number {{ mark }}">{{ tally.rejected | comma }}</td>
<td class="number {{ mark }}">{{ "%.2f" % (100 * tally.rejected / tally.rows) }} %</td></tr>
{% endfor %}
</tbody></table></div>
<p class="soft">Test rows are never set aside, because the submission needs every one: what can be read of them is
used.</p>

<h2>What each row must be, and how many are not</h2>
<div class="scroll"><table>
<thead><tr><th>requirement</th><th>name</th>
{% for split in tallies %}<th class="number">{{ split }}</th>{% endfor %}</tr></thead>
{% for group, members in groups.items() %}
<tbody>
<tr class="group"><th colspan="{{ 2 + tallies | length }}">{{ group }}</th></tr>
{% for rule in members %}
<tr><td>{% for sentence in rule.sentences %}<div>{{ sentence | code }}</div>{% endfor %}</td>
<td title="{{ rule.expectations | join(', ') }}"><code>{{ rule.name }}</code></td>
{% for split, rows in rule.rows.items() %}
{% if rows is none %}
<td class="number none" title="not asked of {{ split }}">–</td>
{% else %}
{% set mark = "none" if not rows else "warn" if split == "test" or rule.name in warnings else "bad" %}
<td class="number {{ mark }}">{{ rows | comma }}</td>
{% endif %}
{% endfor %}</tr>
{% endfor %}
</tbody>
{% endfor %}
</table></div>
<p class="soft">A row may miss several. – : not asked there. In test all of them are only counted.</p>

<h2>What each file must be</h2>
<p>All three files are so, or the run would have stopped before this page.</p>
<ul>{% for sentence in form %}<li>{{ sentence | code }}</li>{% endfor %}
{% for sentence, splits in of_files.items() %}
<li>{{ sentence | code }}{% if splits | length < indexes | length %} ({{ splits | join(", ") }}){% endif %}</li>
{% endfor %}</ul>

<h2>Examples</h2>
{% for split, tally in tallies.items() if tally.counts %}
<h3>{{ split }}</h3>
{% for rule in rules if tally.counts[rule.name] %}
{% set rows = tally.counts[rule.name] %}
{% set examples = tally.examples[rule.name] %}
<details{{ ' open' if loop.first }}>
<summary><code>{{ rule.name }}</code>, {{ rows | comma }} row{{ "s" if rows > 1 }}
{%- if rows > examples | length %}, the first {{ examples | length }}{% endif %}</summary>
{% for example in examples %}
<div class="example"><b>row {{ example.number }}</b>, <bdi>{{ example.id }}</bdi>: {{ example.text }}
<dl>{% for column, cell in example.cells.items() %}<dt>{{ column }}</dt><dd lang="ko">{{ cell }}</dd>{% endfor %}</dl>
</div>
{% endfor %}
</details>
{% endfor %}
{% else %}
<p>Nothing was found amiss in any row.</p>
{% endfor %}

<h2>Lengths of the rows kept</h2>
{% for title, figures in lengths.items() if figures %}
<h3>{{ title }}</h3>
<div class="bars">
{% for split, figure in figures.items() %}
{% set most = figure.bars | map(attribute="rows") | max %}
{% set width = 300 / figure.bars | length %}
<figure>
<figcaption><b>{{ split }}</b>: {{ figure.rows | comma }} row{{ "s" if figure.rows != 1 }},
mean {{ "{:,.1f}".format(figure.mean) }},
median {{ figure.median | comma }}, 95&nbsp;% up to {{ figure.p95 | comma }},
longest {{ figure.longest | comma }}</figcaption>
<svg viewBox="0 0 320 130" role="img" aria-label="{{ title }}, {{ split }}">
<text x="10" y="11">{{ most | comma }} row{{ "s" if most != 1 }}</text>
{% for bar in figure.bars %}
{% set height = 90 * bar.rows / most %}
<rect x="{{ '%.2f' % (10 + loop.index0 * width) }}" y="{{ '%.2f' % (108 - height) }}"
 width="{{ '%.2f' % (width * 0.86) }}" height="{{ '%.2f' % height }}"{% if bar.high is none %} class="rest"{% endif %}>
<title>
{%- if bar.high is none %}{{ bar.low | comma }} and more
{%- elif bar.high == bar.low + 1 %}{{ bar.low }}
{%- else %}{{ bar.low | comma }} to {{ (bar.high - 1) | comma }}
{%- endif %}: {{ bar.rows | comma }} row{{ "s" if bar.rows != 1 }}</title></rect>
{% endfor %}
<line x1="10" y1="108.5" x2="310" y2="108.5"/>
<text x="10" y="123">{{ figure.bars[0].low | comma }}</text>
{% set middle = figure.bars | length // 2 %}
<text x="{{ '%.2f' % (10 + middle * width) }}" y="123" text-anchor="middle">{{ figure.bars[middle].low | comma }}</text>
<text x="310" y="123" text-anchor="end">{{ figure.bars[-1].low | comma }} and more</text>
</svg>
</figure>
{% endfor %}
</div>
{% endfor %}
</body>
</html>
"""

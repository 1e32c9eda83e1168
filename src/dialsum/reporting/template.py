"""The page that `dialsum.reporting.page` fills: HTML with Jinja."""

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
{{ mark }}
<title>{{ report.title }}</title>
<style>
:root { color-scheme: light dark; --page: #fbfbfa; --card: #fff; --ink: #1d2126; --soft: #606770; --line: #dcdfe3;
  --good: #1f7a4d; --bad: #b3261e; --tint: #f0f2f4; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171a; --card: #1c2024; --ink: #e6e8ea; --soft: #a0a8b0; --line: #343a41;
    --good: #63c595; --bad: #ff8a80; --tint: #262b31; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 80rem; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR",
  "Noto Sans CJK KR", NanumGothic, sans-serif; word-break: keep-all; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p { margin: .35rem 0; }
.soft { color: var(--soft); }
.verdict { margin: 1rem 0; padding: .75rem 1rem; border: 1px solid var(--line); border-left: 4px solid var(--good);
  border-radius: 6px; background: var(--card); }
.verdict.failed { border-left-color: var(--bad); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th, td { padding: .35rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tr:last-child > * { border-bottom: 0; }
thead th { font-weight: 600; color: var(--soft); background: var(--tint); }
tbody th { font-weight: 600; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.PASS, .better { color: var(--good); font-weight: 600; }
.FAIL, .worse { color: var(--bad); font-weight: 600; }
details { border: 1px solid var(--line); border-radius: 6px; background: var(--card); margin: .5rem 0; }
summary { cursor: pointer; padding: .5rem .75rem; }
pre { margin: 0; padding: .5rem .75rem; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere;
  border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); unicode-bidi: isolate; }
.scroll th { white-space: nowrap; }
.said { white-space: pre; unicode-bidi: isolate; }
.said.long { white-space: pre-wrap; min-width: 18rem; }
details .said { white-space: pre-wrap; overflow-wrap: anywhere; }
ul { padding-left: 1.2rem; margin: .35rem 0; }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); gap: 1rem; }
figure { margin: 0; padding: .75rem; border: 1px solid var(--line); border-radius: 6px; background: var(--card); }
figcaption { font-size: .85rem; }
svg { display: block; width: 100%; height: auto; max-width: 44rem; }
/* A picture is black on white, as its file is; here it takes the colors of the page. */
svg text { fill: currentColor; }
svg [style*="fill: #ffffff"] { fill: none !important; }
svg [style*="stroke: #000000"] { stroke: currentColor !important; }
@media (prefers-color-scheme: dark) { svg { filter: brightness(1.3); } }
@media (max-width: 30rem) { body { padding: 1rem .75rem 3rem; } figure { padding: .5rem .25rem; } }
</style>
</head>
<body>
<h1>{{ report.title }}</h1>
<p class="soft">{{ report.describe }}</p>

<div class="verdict{{ ' failed' if report.failing() else '' }}">
<b>Verdict</b>
<ul>{% for sentence in sentences %}<li>{{ sentence }}</li>
{% endfor %}</ul>
</div>

{% macro show(table) %}
{% if table.rows %}
<div class="scroll"><table>
<thead><tr>
{% for head in table.heads %}
<th{{ '' if loop.first or loop.index0 in table.words else ' class="number"' | safe }}>{{ head }}</th>
{% endfor %}</tr></thead>
<tbody>
{% for row in table.rows %}
<tr><th>{{ row[0] }}</th>
{% for cell in row[1:] %}
{% if loop.index in table.words %}
<td class="{{ cell if cell in ('PASS', 'FAIL', 'better', 'worse')
  else 'said long' if cell | length > 50 else 'said' }}">
{%- else %}<td class="number">{% endif %}{{ cell }}</td>
{% endfor %}</tr>
{% endfor %}
</tbody></table></div>
{% endif %}
{% if table.note %}<p class="soft">{{ table.note }}</p>{% endif %}
{% endmacro %}

{% for table in tables %}
<h2>{{ table.title }}</h2>
{{ show(table) }}
{% endfor %}

<h2>Curves</h2>
<div class="curves">
{% for title, picture in pictures.items() %}
<figure><figcaption>{{ title }}</figcaption>
{{ picture }}
</figure>
{% endfor %}
</div>

<h2>Dialogues</h2>
{% for one in dialogues %}
<details{{ ' open' if loop.first }}>
<summary>{{ one.title }}</summary>
<pre lang="ko">{{ one.text }}</pre>
<table>
<thead><tr><th>experiment</th><th class="number">mean</th><th>summary</th></tr></thead>
<tbody>
<tr><th>reference</th><td></td><td class="said" lang="ko">{{ one.reference }}</td></tr>
{% for label, answer in one.answers.items() %}
<tr><th>{{ label }}</th><td class="number">{{ "%.2f" % answer.scores.rouge_mean }}</td>
<td class="said" lang="ko">{{ answer.prediction }}</td></tr>
{% endfor %}
</tbody></table>
</details>
{% else %}
<p>There are none: the summaries are lost.</p>
{% endfor %}

<h2>Records</h2>
{{ show(records) }}
</body>
</html>
"""

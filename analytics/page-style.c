// SPDX-License-Identifier: GPL-3.0-or-later
/* What a report's page looks like: constants only, nothing of any log. */
#include "page.h"

static const char colours_light[] =
	"--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d8dee4;--card:#f6f8fa;--model:#0a5cbd;"
	"--rule:#8a94a0;--bad:#b42d06;--good:#1a7f37;--known:#8250df";

static const char colours_dark[] =
	"--bg:#12161b;--fg:#e6eaef;--dim:#a0aab5;--line:#333c46;--card:#1b2128;--model:#62adff;"
	"--rule:#7c8793;--bad:#ff8660;--good:#57c674;--known:#c297ff";

static const char style[] =
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}\n"
	"main{max-width:64rem;margin:0 auto;padding:1rem}\n"
	"h1{font-size:1.7rem;line-height:1.2;margin:1rem 0 .3rem}\n"
	"h2{font-size:1.25rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line)}\n"
	"h3{font-size:1.05rem;margin:1.4rem 0 .5rem}.card h3{margin-top:0}\n"
	"p{margin:.4rem 0}header p,figcaption,.none,dt{color:var(--dim)}\n"
	"header,li,dd,code{overflow-wrap:anywhere}td .bars{min-width:4rem}td.mono{white-space:nowrap}\n"
	"ul{padding-left:1.4rem}li.yes::marker{content:'✓ ';color:var(--good)}"
	"li.no::marker{content:'✗ ';color:var(--bad)}\n"
	"figure{margin:1rem 0}figcaption{font-size:.9rem}svg{display:block;width:100%;height:auto;"
	"overflow:visible}\n"
	".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,1fr));gap:1rem}\n"
	".card{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:1rem}\n"
	".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));"
	"gap:0 1.5rem}.plots figure,.plots .scroll{max-width:34rem}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem .8rem;margin:.6rem 0;"
	"font-size:.92rem}dd{margin:0}\n"
	".warn{border-left:3px solid var(--bad);padding-left:.7rem}\n"
	".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}\n"
	"th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;"
	"border-bottom:1px solid var(--line)}th{color:var(--dim);font-weight:600}\n"
	".n{text-align:right;white-space:nowrap}.nb{white-space:nowrap}\n"
	".mono,code{font-family:ui-monospace,monospace;font-size:.85em}\n"
	".alarms{list-style:none;padding:0}.alarms li{border-left:3px solid var(--bad);"
	"padding-left:.7rem;margin:.8rem 0}.alarms li.false{border-color:var(--rule)}\n"
	".alarms code{display:block;color:var(--dim)}.bad{color:var(--bad);font-weight:600}\n"
	".bars{max-width:16rem;height:1.6rem;width:100%}.compare p{font-size:.92rem}\n"
	"rect.model{fill:var(--model)}rect.rule{fill:var(--rule)}\n"
	".grid{stroke:var(--line);fill:none}.axis{stroke:var(--dim);fill:none}\n"
	".tick,.label{font-size:13px;fill:var(--dim)}.label{fill:var(--fg)}\n"
	".score,.lines{fill:none;stroke:var(--model);stroke-width:1.6;stroke-linejoin:round}\n"
	".level{fill:none;stroke:var(--bad);stroke-width:1.2;stroke-dasharray:6 5}\n"
	"path.alarm{fill:var(--bad)}path.false{fill:var(--bg);stroke:var(--bad);stroke-width:1.5}"
	"path.known{fill:var(--known)}\n"
	".dots{stroke:var(--model);stroke-width:4;stroke-linecap:round;stroke-opacity:.35}\n"
	".point{stroke-width:12;stroke-linecap:round}.point.model{stroke:var(--model)}"
	".point.rule{stroke:var(--rule)}\n"
	".key{font-weight:700}.key.alarm,.key.false,.key.level{color:var(--bad)}"
	".key.known{color:var(--known)}.key.model{color:var(--model)}.key.rule{color:var(--rule)}\n"
	"@media screen and (max-width:40rem){.wide .turn{overflow-x:auto}.wide svg{min-width:38rem;overflow:hidden}"
	".wide .tick,.wide .label{font-size:17px}"
	".plots .tick,.plots .label{font-size:17px}"
	"dl{grid-template-columns:1fr}dt{margin-top:.3rem}}\n"
	"@media print{body{font-size:10pt}main{max-width:none;padding:0}"
	"figure,.card,tr,.alarms li{break-inside:avoid}h2,h3{break-after:avoid}"
	".scroll{overflow:visible}td{overflow-wrap:anywhere}td.mono{white-space:normal}}\n";

void an_page_head(FILE *f)
{
	fprintf(f, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" "
		"content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<title>VIRGO analytics</title>\n<style>\n");
	fprintf(f, ":root{%s}\n@media(prefers-color-scheme:dark){:root{%s}}\n@media print{:root{%s}}\n",
		colours_light, colours_dark, colours_light);
	fprintf(f, "%s</style></head>\n<body><main>\n", style);
}

// Colours that stand out by at least 3:1 from both backgrounds, so that light and dark pages share them.
#include "sim/report/page.h"

namespace podramp::sim {

std::string_view page_style() {
  return R"css(
:root{--bg:#ffffff;--ink:#1b2430;--soft:#4c5866;--rule:#d5dbe3;--card:#f4f6f9;--link:#1a5fb4;
--good:#1a7f45;--bad:#b3261e;--warn:#8a5a00;
--target:var(--ink);--registered:#2e9e5b;--running:#b07d12;--pending:#d9662b;--lost:#d64545;--requested:#2f74d0;
--r-backlog_timer:#7d6bd0;--r-round:#2f74d0;--r-batch:#1f8fc4;--r-creating:#5f8fa8;--r-pending_cap:#9457c9;
--r-profile_share:#c061b0;--r-unacknowledged:#6f7fd6;--r-claims:#8f7a5a;--r-quota:#d64545;--r-refused:#c2405f;
--r-api_error:#a8326a;--r-api:#7d8794;--r-controller:#9a6b3f;--r-scheduler:#b58a12;--r-unschedulable:#d9662b;
--r-autoscaler:#b8741a;--r-kubelet:#9c8420;--r-image_pull:#b0612c;--r-start:#7f8f2e;--r-registration:#3f9a86;
--r-unknown:#858585;
--c-created:#2e9e5b;--c-ok:#2f74d0;--c-throttled:#b58a12;--c-refused:#d64545;--c-refused2:#b0612c;--c-error:#a8326a;
--c-lost:#7d8794;--q-0:#2f74d0;--q-1:#d9662b;--q-2:#9457c9;--q-3:#2e9e5b;--q-4:#b07d12;--q-5:#c2405f;
--a:#2f74d0;--b:#d9662b;
--g-api:#7d8794;--g-scheduling:#9457c9;--g-kubelet:#b58a12;--g-image-pull:#d9662b;--g-start:#7f8f2e;
--g-registration:#2f74d0;--g-serving:#2e9e5b;--g-lost:#d64545;--g-ending:#858585;--g-node:#8f9aa8;--g-silent:#d64545}
@media (prefers-color-scheme:dark){:root{--bg:#12161c;--ink:#e6eaf0;--soft:#a9b4c0;--rule:#323b47;--card:#1b212a;
--link:#8ab4f8;--good:#5fcf8f;--bad:#ff8a80;--warn:#f0b95a}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI","DejaVu Sans",sans-serif}
main,footer{max-width:1080px;margin:0 auto;padding:1rem 1.25rem}
footer{color:var(--soft);font-size:.85rem}
h1{font-size:1.7rem;line-height:1.2;margin:.4rem 0}
h2{font-size:1.25rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--rule)}
h3{font-size:1rem;margin:0 0 .3rem}
p{margin:.4rem 0}a{color:var(--link)}
.meta,.hint,caption,figcaption{color:var(--soft)}.meta{font-size:.9rem}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--bg);padding:.4rem}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:0;margin:.5rem 0;font-size:.9rem}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:.8rem;margin:1rem 0}
.card{background:var(--card);border:1px solid var(--rule);border-left:5px solid var(--soft);border-radius:6px;
padding:.7rem .9rem;min-width:0;overflow-wrap:anywhere}
.card.good{border-left-color:var(--good)}.card.bad{border-left-color:var(--bad)}.card.warn{border-left-color:var(--warn)}
.card h2{border:0;margin:0;padding:0;font-size:.85rem;color:var(--soft);font-weight:600}
.card .big{font-size:1.25rem;font-weight:650;line-height:1.3;margin:.2rem 0 .4rem}
.card ul{margin:.3rem 0;padding-left:1.1rem}.card li{margin:.15rem 0}.bad-text{color:var(--bad)}
.shares{list-style:none;padding:0!important}.shares li{margin:.35rem 0}
.bar{display:block;height:.5rem;border-radius:3px;background:var(--k);min-width:2px;width:var(--w)}
figure{margin:1rem 0 1.6rem}figcaption{font-weight:600;color:var(--ink)}
.plot svg{display:block;width:100%;height:auto}
.plot.wide{overflow:auto;max-height:75vh;border:1px solid var(--rule);border-radius:6px;padding:.4rem}
.plot.wide svg{min-width:760px}
svg text{fill:var(--soft);font-size:13px;font-family:inherit}
svg .x{text-anchor:middle}svg .y,svg .end{text-anchor:end}
svg .node{fill:var(--ink);font-size:12px}
svg .in{fill:var(--ink);text-anchor:middle;font-weight:600;paint-order:stroke;stroke:var(--bg);stroke-width:4px;
stroke-linejoin:round}
svg .grid{stroke:var(--rule);stroke-width:1;fill:none;opacity:.8}svg .axis{stroke:var(--soft);stroke-width:1;fill:none}
svg .area{fill-opacity:.85}
svg .line{fill:none;stroke-width:2.2;stroke-linejoin:round}svg .dashed{stroke-dasharray:7 5}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;padding:0;margin:.3rem 0;font-size:.87rem}
.key{display:inline-block;width:.85rem;height:.85rem;border-radius:2px;background:var(--k);margin-right:.4rem;
vertical-align:-.08rem}
.key.line{height:0;border-top:3px solid var(--k);background:none;border-radius:0;vertical-align:.25rem;width:1.3rem}
.key.dashed{border-top-style:dashed}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.88rem;margin:.4rem 0;min-width:20rem}
caption{text-align:left;font-size:.85rem;padding:.2rem 0}
th,td{padding:.22rem .7rem .22rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
thead th{color:var(--soft);font-weight:600}tbody th{font-weight:500}.n{text-align:right;font-variant-numeric:tabular-nums}
details{margin:.4rem 0}summary{cursor:pointer;color:var(--link);padding:.15rem 0}
pre{overflow-x:auto;background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:.6rem .8rem;
font:12.5px/1.45 ui-monospace,"DejaVu Sans Mono",monospace}
.note{border-left:4px solid var(--warn);padding:.3rem .8rem;background:var(--card)}
.strip{display:flex;height:.9rem;border-radius:3px;overflow:hidden;margin:.2rem 0;min-width:9rem}
.strip span{background:var(--k);width:var(--w)}
.sides .plot svg text{font-size:21px}.sides .plot svg .minor,.sides .plot svg .unit.end{display:none}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:1rem}
button{font:inherit;font-size:.85rem;border:1px solid var(--rule);background:var(--card);color:var(--ink);
border-radius:5px;padding:.2rem .7rem;cursor:pointer}
.zoom{height:20rem;width:100%;margin:.5rem 0}
.dygraph-axis-label,.dygraph-ylabel{color:var(--soft)!important;font-size:12px}
.dygraph-legend{background:var(--card)!important;color:var(--ink);border:1px solid var(--rule);font-size:12px!important;
padding:.2rem .4rem;width:auto!important;max-width:20rem}
.g-api{fill:var(--g-api)}.g-scheduling{fill:var(--g-scheduling)}.g-kubelet{fill:var(--g-kubelet)}
.g-image-pull{fill:var(--g-image-pull)}.g-start{fill:var(--g-start)}.g-registration{fill:var(--g-registration)}
.g-serving{fill:var(--g-serving)}.g-lost{fill:var(--g-lost)}.g-ending{fill:var(--g-ending)}.g-node{fill:var(--g-node)}
.g-silent{fill:var(--g-silent)}
.bar.wide{min-width:2px;width:calc(var(--w)*3);max-width:20rem}td:has(.bar.wide){min-width:12rem}
.dot{fill:var(--requested);fill-opacity:.75}.dot.out{fill:none;stroke:var(--soft);stroke-width:1.8}
.dot.front{fill:var(--registered);fill-opacity:1}svg .in.begin{text-anchor:start}svg .in.end{text-anchor:end}
.key.hollow{background:none;border:2px solid var(--soft);border-radius:50%}
.heat{display:block;padding:.25rem .6rem;background:color-mix(in srgb,var(--pending) var(--h),transparent)}
@media (max-width:640px){main{padding:.6rem .8rem}.plot:not(.wide) svg text{font-size:25px}
.plot:not(.wide) svg .minor,.plot:not(.wide) svg .unit.end{display:none}.plot:not(.wide) svg .line{stroke-width:4px}
.plot:not(.wide) svg .in{font-size:22px}.sides{grid-template-columns:1fr}}
@media print{nav,button,summary{display:none}}
)css";
}

}  // namespace podramp::sim

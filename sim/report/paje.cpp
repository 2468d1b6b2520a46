// A run as a Paje trace (declared in exports.h). Events have to rise in time, so they are gathered and sorted.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "sim/report/exports.h"
#include "sim/report/trace_lanes.h"

namespace podramp::sim {
namespace {

constexpr std::string_view kDefinitions = R"(%EventDef PajeDefineContainerType 0
% Alias string
% Type string
% Name string
%EndEventDef
%EventDef PajeDefineStateType 1
% Alias string
% Type string
% Name string
%EndEventDef
%EventDef PajeDefineVariableType 2
% Alias string
% Type string
% Name string
% Color color
%EndEventDef
%EventDef PajeDefineEventType 3
% Alias string
% Type string
% Name string
% Color color
%EndEventDef
%EventDef PajeDefineEntityValue 4
% Alias string
% Type string
% Name string
% Color color
%EndEventDef
%EventDef PajeCreateContainer 5
% Time date
% Alias string
% Type string
% Container string
% Name string
%EndEventDef
%EventDef PajeDestroyContainer 6
% Time date
% Type string
% Name string
%EndEventDef
%EventDef PajeSetState 7
% Time date
% Type string
% Container string
% Value string
%EndEventDef
%EventDef PajeSetVariable 8
% Time date
% Type string
% Container string
% Value double
%EndEventDef
%EventDef PajeNewEvent 9
% Time date
% Type string
% Container string
% Value string
%EndEventDef
0 R 0 "run"
0 N R "node"
0 P N "pod"
1 S P "phase"
2 V R "registered" "0.18 0.62 0.36"
2 T R "target" "0.18 0.45 0.82"
3 F R "fault" "0.84 0.27 0.27"
)";

struct PhaseColor {
  std::string_view name;
  std::string_view rgb;
};
constexpr std::array kPhaseColors{PhaseColor{"api", "0.49 0.53 0.58"},     PhaseColor{"scheduling", "0.58 0.34 0.79"},
                                  PhaseColor{"kubelet", "0.71 0.54 0.07"}, PhaseColor{"image pull", "0.85 0.40 0.17"},
                                  PhaseColor{"start", "0.50 0.56 0.18"},   PhaseColor{"registration", "0.18 0.45 0.82"},
                                  PhaseColor{"serving", "0.18 0.62 0.36"}, PhaseColor{"running", "0.18 0.62 0.36"},
                                  PhaseColor{"lost", "0.84 0.27 0.27"},    PhaseColor{"ending", "0.52 0.52 0.52"}};

// Paje strings have no escapes.
std::string paje_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' || c == '\n' || c == '\r' ? '\'' : c;
  return out + '"';
}

std::string paje_time(TimeUs t) { return fmt::format("{}.{:06}", t / kSecondUs, t % kSecondUs); }

class PajeEvents {
 public:
  void add(TimeUs t, std::string line) { events_.emplace_back(t, std::move(line)); }
  std::string finish() {
    std::ranges::stable_sort(events_, {}, &std::pair<TimeUs, std::string>::first);
    std::string out;
    for (const auto& [t, line] : events_) out += line + "\n";
    return out;
  }

 private:
  std::vector<std::pair<TimeUs, std::string>> events_;
};

void add_totals(const RunRecord& run, PajeEvents& out) {
  std::vector<Steps> registered;
  std::vector<Steps> target;
  for (const ApplicationView& app : run.projection.applications()) {
    Steps& r = registered.emplace_back();
    Steps& t = target.emplace_back();
    for (const Sample& s : app.samples) {
      r.push_back({s.t, static_cast<double>(s.registered)});
      t.push_back({s.t, static_cast<double>(s.target)});
    }
  }
  for (const Point& p : sum_of(registered)) out.add(p.t, fmt::format("8 {} V r {:.0f}", paje_time(p.t), p.value));
  for (const Point& p : sum_of(target)) out.add(p.t, fmt::format("8 {} T r {:.0f}", paje_time(p.t), p.value));
}

}  // namespace

std::string paje_trace(const RunRecord& run) {
  std::string out(kDefinitions);
  std::map<std::string_view, std::string> aliases;
  for (std::size_t i = 0; i < kPhaseColors.size(); ++i) {
    aliases[kPhaseColors[i].name] = fmt::format("s{}", i);
    out += fmt::format("4 s{} S {} \"{}\"\n", i, paje_text(kPhaseColors[i].name), kPhaseColors[i].rgb);
  }
  std::map<std::string, std::string> points;  // fault points
  for (const FaultMark& fault : run.faults) {
    if (const auto [it, is_new] = points.try_emplace(fault.point, fmt::format("f{}", points.size())); is_new) {
      out += fmt::format("4 {} F {} \"0.84 0.27 0.27\"\n", it->second, paje_text(fault.point));
    }
  }
  PajeEvents events;
  events.add(0, fmt::format("5 {} r R 0 {}", paje_time(0), paje_text(run.scenario)));
  const auto lanes = trace_lanes(run);
  std::map<std::string, std::string> nodes{{"", "nowhere"}};
  events.add(0, fmt::format("5 {} nowhere N r \"on no node\"", paje_time(0)));
  for (const std::string& node : trace_nodes(run, lanes)) {  // a pod may be asked for before its node is there
    nodes[node] = fmt::format("n{}", nodes.size());
    events.add(0, fmt::format("5 {} {} N r {}", paje_time(0), nodes[node], paje_text(node)));
  }
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const TraceLane& lane = lanes[i];
    if (lane.phases.empty()) continue;
    const TimeUs from = lane.phases.front().from_us;
    const TimeUs to = lane.phases.back().to_us;
    events.add(from, fmt::format("5 {} p{} P {} {}", paje_time(from), i, nodes.at(lane.node), paje_text(lane.name)));
    for (const Phase& phase : lane.phases) {
      events.add(phase.from_us, fmt::format("7 {} S p{} {}", paje_time(phase.from_us), i, aliases.at(phase.name)));
    }
    events.add(to, fmt::format("6 {} P p{}", paje_time(to), i));
  }
  for (const FaultMark& fault : run.faults) {
    events.add(fault.t, fmt::format("9 {} F r {}", paje_time(fault.t), points.at(fault.point)));
  }
  add_totals(run, events);
  events.add(run.end_us, fmt::format("6 {} R r", paje_time(run.end_us)));
  return out + events.finish();
}

}  // namespace podramp::sim

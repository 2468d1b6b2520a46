// A run in Chrome's trace-event format (declared in exports.h).
#include <fmt/format.h>

#include <map>

#include "sim/report/exports.h"
#include "sim/report/html.h"
#include "sim/report/trace_lanes.h"

namespace podramp::sim {
namespace {

constexpr int kRunProcess = 1;  // counters and faults
constexpr int kNowherePid = 2;  // pods that never had a node
constexpr int kFirstNodePid = 10;

class TraceWriter {
 public:
  void process(int pid, std::string_view name, int order) {
    metadata("process_name", pid, 0, fmt::format("\"name\":{}", json_quoted(name)));
    metadata("process_sort_index", pid, 0, fmt::format("\"sort_index\":{}", order));
  }
  void thread(int pid, int tid, std::string_view name) {
    metadata("thread_name", pid, tid, fmt::format("\"name\":{}", json_quoted(name)));
    metadata("thread_sort_index", pid, tid, fmt::format("\"sort_index\":{}", tid));
  }
  void slice(int pid, int tid, std::string_view name, TimeUs from_us, TimeUs to_us, std::string_view args) {
    event(
        fmt::format("{{\"ph\":\"X\",\"name\":{},\"cat\":\"phase\",\"pid\":{},\"tid\":{},\"ts\":{},\"dur\":{},\"args\":"
                    "{{{}}}}}",
                    json_quoted(name), pid, tid, from_us, to_us - from_us, args));
  }
  void counter(int pid, std::string_view name, TimeUs t, std::string_view args) {
    event(fmt::format("{{\"ph\":\"C\",\"name\":{},\"cat\":\"count\",\"pid\":{},\"tid\":0,\"ts\":{},\"args\":{{{}}}}}",
                      json_quoted(name), pid, t, args));
  }
  void instant(int pid, std::string_view name, std::string_view category, TimeUs t, std::string_view args) {
    event(
        fmt::format("{{\"ph\":\"i\",\"s\":\"g\",\"name\":{},\"cat\":\"{}\",\"pid\":{},\"tid\":0,\"ts\":{},\"args\":"
                    "{{{}}}}}",
                    json_quoted(name), category, pid, t, args));
  }
  std::string finish(std::string_view more) {
    return "{\"displayTimeUnit\":\"ms\",\"otherData\":{" + std::string(more) + "},\"traceEvents\":[\n" + out_ +
           "\n]}\n";
  }

 private:
  void metadata(std::string_view name, int pid, int tid, std::string_view args) {
    event(fmt::format("{{\"ph\":\"M\",\"name\":\"{}\",\"pid\":{},\"tid\":{},\"ts\":0,\"args\":{{{}}}}}", name, pid, tid,
                      args));
  }
  void event(const std::string& json) { out_ += (out_.empty() ? "" : ",\n") + json; }

  std::string out_;
};

void write_counters(const RunRecord& run, TraceWriter& out) {
  for (const ApplicationView& app : run.projection.applications()) {
    for (const Sample& s : app.samples) {
      out.counter(kRunProcess, app.name + " executors", s.t,
                  fmt::format("\"pending\":{},\"running\":{},\"registered\":{}", s.pending, s.running, s.registered));
      out.counter(kRunProcess, app.name + " target", s.t, fmt::format("\"target\":{}", s.target));
    }
  }
  for (const QuotaUse& quota : run.quotas) {
    for (const auto& [resource, used] : quota.used) {
      for (const Point& point : used) {
        out.counter(kRunProcess, fmt::format("quota {} {}", quota.name, resource), point.t,
                    fmt::format("\"used\":{:.0f}", point.value));
      }
    }
  }
}

void write_marks(const RunRecord& run, TraceWriter& out) {
  for (const FaultMark& fault : run.faults) {
    if (!fault.target.empty()) {
      out.instant(kRunProcess, "fault " + fault.point, "fault", fault.t, "\"target\":" + json_quoted(fault.target));
      continue;
    }
    out.instant(kRunProcess, "fault " + fault.point + " on", "window", fault.t, "");
    if (fault.closed_us) out.instant(kRunProcess, "fault " + fault.point + " off", "window", *fault.closed_us, "");
  }
  for (const auto& [t, text] : run.violations) {
    out.instant(kRunProcess, "property failed", "check", t, "\"text\":" + json_quoted(text));
  }
  for (const NodeLife& node : run.nodes) {
    for (const Span& span : node.silent)
      out.instant(kRunProcess, "node silent: " + node.name, "node", span.from_us, "");
    if (node.gone_us) out.instant(kRunProcess, "node gone: " + node.name, "node", *node.gone_us, "");
  }
}

}  // namespace

std::string perfetto_trace(const RunRecord& run) {
  TraceWriter out;
  const auto lanes = trace_lanes(run);
  std::map<std::string, int> pids;
  out.process(kRunProcess, "run " + run.scenario, 0);
  out.process(kNowherePid, "on no node", 1);
  int next = kFirstNodePid;
  for (const std::string& node : trace_nodes(run, lanes)) {
    pids[node] = next;
    out.process(next, "node " + node, next);
    ++next;
  }
  std::int64_t executors = 0;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const TraceLane& lane = lanes[i];
    const int pid = lane.node.empty() ? kNowherePid : pids.at(lane.node);
    const int tid = static_cast<int>(i) + 1;
    executors += lane.executor ? 1 : 0;
    out.thread(pid, tid, lane.name);
    const std::string args = "\"pod\":" + json_quoted(lane.pod);
    for (const Phase& phase : lane.phases) out.slice(pid, tid, phase.name, phase.from_us, phase.to_us, args);
  }
  write_counters(run, out);
  write_marks(run, out);
  return out.finish(fmt::format("\"scenario\":{},\"seed\":\"{}\",\"executors\":\"{}\",\"pods\":\"{}\"",
                                json_quoted(run.scenario), run.header.seed, executors, run.pods.size()));
}

}  // namespace podramp::sim

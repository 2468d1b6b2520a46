#include "sim/report/timeline_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/report/html.h"
#include "sim/report/life_phases.h"
#include "sim/report/scale.h"

namespace podramp::sim {
namespace {

constexpr std::size_t kExecutorsShown = 150;
constexpr std::size_t kEvenNodes = 6;  // executors that a node is expected to have
constexpr double kTimelineWidth = 900;
constexpr double kNames = 150;
constexpr double kRow = 7;
constexpr double kNodeRow = 18;
constexpr double kHead = 24;
constexpr std::size_t kNameLetters = 20;

struct Lane {
  const ExecutorRow* row = nullptr;
  const std::string* application = nullptr;
};

struct Selection {
  std::map<std::string, std::vector<Lane>> by_node;
  std::size_t shown = 0;
  std::size_t all = 0;
  std::size_t nodes = 0;  // that ran one
};

// Whole nodes: those of the slowest executors, and every n-th of the others while there is room.
Selection select_nodes(const RunRecord& run) {
  Selection selection;
  std::map<std::string, std::vector<Lane>> all;
  for (const ApplicationView& app : run.projection.applications()) {
    for (const ExecutorRow& row : app.executors) all[row.node].push_back({&row, &app.name});
    selection.all += app.executors.size();
  }
  selection.nodes = all.size() - all.count("");
  const auto take = [&](const std::string& node) {
    if (selection.shown >= kExecutorsShown || selection.by_node.contains(node)) return;
    std::vector<Lane> lanes = all.at(node);
    lanes.resize(std::min(lanes.size(), kExecutorsShown - selection.shown));
    selection.shown += lanes.size();
    selection.by_node[node] = std::move(lanes);
  };
  const bool everything = selection.all <= kExecutorsShown;
  for (const ExecutorDetail& detail : run.explanation.slowest) {
    const std::string& node = run.explanation.waits[detail.wait].row.node;
    if (!node.empty() && all.contains(node)) take(node);
  }
  const std::size_t every = everything ? 1 : all.size() * kEvenNodes / kExecutorsShown + 1;
  std::size_t i = 0;
  for (const auto& [node, lanes] : all) {
    if (i++ % every == 0) take(node);
  }
  return selection;
}

class TimelinePainter {
 public:
  TimelinePainter(const RunRecord& run, const Window& window) : run_(run), window_(window) {
    for (const NodeLife& node : run.nodes) nodes_[node.name] = &node;
  }

  std::string paint(const std::map<std::string, std::vector<Lane>>& by_node) {
    std::string rows;
    for (const auto& [node, lanes] : by_node) {
      if (!node.empty()) rows += node_row(node, lanes);
    }
    if (const auto nowhere = by_node.find(""); nowhere != by_node.end()) rows += node_row("", nowhere->second);
    return fmt::format(
               "<svg viewBox=\"0 0 {} {:.0f}\" role=\"img\" aria-labelledby=\"timeline-t timeline-d\"><title "
               "id=\"timeline-t\">Timeline of nodes and executors</title><desc id=\"timeline-d\">A row per node and "
               "below it a thin row per executor, with a bar for each phase of its life. executors.csv has the same "
               "numbers.</desc>\n",
               kTimelineWidth, y_ + 4) +
           grid() + rows + "</svg>\n";
  }

 private:
  double x(TimeUs t) const {
    const TimeUs inside = std::clamp(t, window_.from_us, window_.to_us);
    return kNames + (kTimelineWidth - kNames - 4) * static_cast<double>(inside - window_.from_us) /
                        static_cast<double>(window_.to_us - window_.from_us);
  }
  std::string grid() const {
    std::string out;
    for (const TimeUs t : time_ticks(window_.from_us, window_.to_us, 9)) {
      out += fmt::format(
          "<path class=\"grid\" d=\"M{0:.1f} {1}V{2:.0f}\"/><text class=\"x\" x=\"{0:.1f}\" y=\"14\">{3}"
          "</text>\n",
          x(t), kHead - 4, y_, tick_text(t));
    }
    return out;
  }
  std::string bar(std::string_view css, TimeUs from_us, TimeUs to_us, double y, double height) const {
    if (to_us < window_.from_us || from_us > window_.to_us) return "";
    return fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"{}\"/>", css, x(from_us),
                       y, std::max(0.4, x(to_us) - x(from_us)), height);
  }
  std::string node_row(const std::string& name, const std::vector<Lane>& lanes) {
    std::string shown = name.empty() ? "on no node" : name;
    if (shown.size() > kNameLetters) shown = shown.substr(0, kNameLetters - 3) + "...";
    std::string out = fmt::format("<text class=\"node\" x=\"0\" y=\"{:.0f}\">{}</text>", y_ + 13, escaped(shown));
    if (const auto it = nodes_.find(name); it != nodes_.end()) {
      const NodeLife& node = *it->second;
      out += bar("g-node", node.added_us, node.gone_us.value_or(run_.end_us), y_ + 5, 6);
      for (const Span& span : node.silent)
        out += bar("g-silent", span.from_us, span.to_us.value_or(run_.end_us), y_ + 5, 6);
    }
    y_ += kNodeRow;
    for (const Lane& lane : lanes) {
      std::string what;
      out += "<g>";
      for (const Phase& phase : phases_of(*lane.row, run_.end_us)) {
        std::string css = "g-" + std::string(phase.name);
        std::ranges::replace(css, ' ', '-');
        out += bar(css, phase.from_us, phase.to_us, y_, kRow - 1);
        what += fmt::format(", {} {}", phase.name, format_time(phase.to_us - phase.from_us));
      }
      const std::string id = lane.row->id == 0 ? lane.row->pod : fmt::format("{}", lane.row->id);
      out +=
          fmt::format("<title>{}: executor {}{}</title></g>\n", escaped(*lane.application), escaped(id), escaped(what));
      y_ += kRow;
    }
    return out;
  }

  const RunRecord& run_;
  Window window_;
  std::map<std::string, const NodeLife*> nodes_;
  double y_ = kHead;
};

}  // namespace

std::string timeline_html(const RunRecord& run, const Window& window) {
  const Selection selection = select_nodes(run);
  if (selection.all == 0) return paragraph_html("No executor was asked for.");
  const auto text = [](std::size_t n) { return count_text(static_cast<std::int64_t>(n)); };
  std::string out = "<figure id=\"timeline\"><figcaption>";
  out += selection.shown == selection.all
             ? fmt::format("All {} executors, by node", text(selection.all))
             : fmt::format(
                   "{} of {} executors: those on nodes of the slowest, and on an even selection of the other "
                   "nodes ({} ran executors)",
                   text(selection.shown), text(selection.all), text(selection.nodes));
  out += "</figcaption>\n<ul class=\"legend\" aria-label=\"Legend\">";
  for (const std::string_view phase :
       {"api", "scheduling", "kubelet", "image pull", "start", "registration", "serving", "lost", "ending"}) {
    std::string css(phase);
    std::ranges::replace(css, ' ', '-');
    out += fmt::format("<li><span class=\"key\" style=\"--k:var(--g-{})\"></span>{}</li>", css, phase);
  }
  out +=
      "<li><span class=\"key\" style=\"--k:var(--g-node)\"></span>node is there</li><li><span class=\"key\" "
      "style=\"--k:var(--g-silent)\"></span>node is silent</li></ul>\n";
  return out + "<div class=\"plot wide\" tabindex=\"0\" role=\"group\" aria-label=\"Timeline, scrolls\">" +
         TimelinePainter(run, window).paint(selection.by_node) + "</div></figure>\n";
}

}  // namespace podramp::sim

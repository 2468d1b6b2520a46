#include "sim/report/run_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/html.h"
#include "sim/report/run_charts.h"
#include "sim/report/scale.h"

namespace podramp::sim {
namespace {

constexpr std::size_t kSharesShown = 4;
constexpr std::size_t kTroublesShown = 5;
constexpr std::size_t kDetailBytes = 12'000;  // of one executor's story

// The reason that fills most of [from, to).
WaitReason main_reason(const ExecutorWait& wait, TimeUs from_us, TimeUs to_us) {
  std::map<WaitReason, DurationUs> times;
  auto slice = std::ranges::upper_bound(wait.slices, from_us, {}, &WaitSlice::to_us);
  for (; slice != wait.slices.end() && slice->from_us < to_us; ++slice) {
    times[slice->reason] += std::min(slice->to_us, to_us) - std::max(slice->from_us, from_us);
  }
  const auto most = std::ranges::max_element(times, {}, [](const auto& one) { return one.second; });
  return most == times.end() ? WaitReason::unknown : most->first;
}

// A thin bar of an executor's wait, in proportion: each hundredth has the colour of what fills most of it.
std::string strip_html(const ExecutorWait& wait) {
  constexpr int kCells = 100;
  const DurationUs all = std::max<DurationUs>(1, wait.until_us - wait.wanted_us);
  const auto reason_at = [&](int i) {
    return main_reason(wait, wait.wanted_us + all * i / kCells, wait.wanted_us + all * (i + 1) / kCells);
  };
  std::string out = "<div class=\"strip\" aria-hidden=\"true\">";
  for (int i = 0; i < kCells;) {
    const WaitReason reason = reason_at(i);
    int end = i + 1;
    while (end < kCells && reason_at(end) == reason) ++end;
    out += fmt::format("<span style=\"--k:var(--{});--w:{}%\"></span>", reason_color(reason), (end - i) * 100 / kCells);
    i = end;
  }
  return out + "</div>";
}

std::string shares_of(const ExecutorWait& wait) {
  std::vector<std::pair<DurationUs, WaitReason>> shares;
  for (const auto& [reason, time] : sum(wait.slices)) shares.emplace_back(time, reason);
  std::ranges::stable_sort(shares, [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, shares.size()); ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", reason_name(shares[i].second), format_time(shares[i].first));
  }
  return text;
}

// Hundreds of rounds that were refused are told by the first and the last of them.
std::string shortened(const std::string& text) {
  if (text.size() <= kDetailBytes) return text;
  const std::size_t head = text.find('\n', kDetailBytes / 2) + 1;
  const std::size_t tail = text.find('\n', text.size() - kDetailBytes / 2) + 1;
  if (head == 0 || tail <= head) return text;
  return text.substr(0, head) +
         fmt::format("... {} lines ...\n", std::count(text.begin() + static_cast<std::ptrdiff_t>(head),
                                                      text.begin() + static_cast<std::ptrdiff_t>(tail), '\n')) +
         text.substr(tail);
}

// With a capital letter and a full stop.
std::string sentence(std::string_view words) {
  std::string text(words);
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') text.front() = static_cast<char>(text.front() - 32);
  return text + ".";
}

std::string card(std::string_view kind, std::string_view title, const std::string& inside) {
  return fmt::format("<section class=\"card {}\"><h2>{}</h2>\n{}</section>\n", kind, escaped(title), inside);
}

}  // namespace

std::string kpi_text(std::string_view name, std::int64_t value) {
  if (!name.ends_with("_ms")) return count_text(value);
  return value < 0 ? "never" : format_time(value * kMillisecondUs);
}

std::string reached_card(const ReachedTarget& reached, std::string_view title) {
  return card(reached.reached ? "good"
              : reached.open  ? ""
                              : "bad",
              title, "<p class=\"big\">" + escaped(reached.headline) + "</p>" + paragraph_html(reached.says));
}

std::string limits_card(const RunRecord& run, const std::string& application, std::string_view title) {
  const auto shares = limits(run, application);
  if (shares.empty() || shares.front().time_us == 0) return card("", title, paragraph_html("Nobody had to wait."));
  const LimitShare& first = shares.front();
  std::string inside =
      fmt::format("<p class=\"big\">{}: {} % of the waiting</p><div class=\"strip\" aria-hidden=\"true\">",
                  escaped(reason_name(first.reason)), first.percent);
  std::string others;
  for (std::size_t i = 0; i < shares.size() && shares[i].percent > 0; ++i) {
    inside +=
        fmt::format("<span style=\"--k:var(--{});--w:{}%\"></span>", reason_color(shares[i].reason), shares[i].percent);
    if (i == 0 || i > kSharesShown) continue;
    others +=
        fmt::format("{}{} {} %", others.empty() ? "then " : ", ", reason_name(shares[i].reason), shares[i].percent);
  }
  inside += "</div>" + paragraph_html(sentence(reason_text(first.reason, of_sets(run))));
  return card("", title, inside + "<p class=\"hint\">" + escaped(others) + "</p>\n");
}

std::string troubles_card(const RunRecord& run, std::string_view title) {
  const auto all = troubles(run);
  if (all.empty()) return card("good", title, "<p class=\"big\">Nothing</p>");
  std::string inside = "<ul>";
  std::string more;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string item =
        fmt::format("<li{}>{}</li>", all[i].severe ? " class=\"bad-text\"" : "", escaped(all[i].text));
    (i < kTroublesShown ? inside : more) += item;
  }
  inside += "</ul>";
  if (!more.empty()) {
    inside += details_html(fmt::format("{} more", all.size() - kTroublesShown), "<ul>" + more + "</ul>");
  }
  return card(all.front().severe ? "bad" : "warn", title, inside);
}

std::string about_line(const RunRecord& run) {
  std::string text =
      fmt::format("seed {}, {} application{}, {} engine, log level {}, {} of virtual time", run.header.seed,
                  run.header.applications.size(), run.header.applications.size() == 1 ? "" : "s", run.header.engine,
                  to_text(run.header.level), format_time(run.end_us));
  if (!run.nodes.empty()) text += fmt::format(", {} nodes", count_text(static_cast<std::int64_t>(run.nodes.size())));
  if (run.footer) text += fmt::format(", {} events", count_text(static_cast<std::int64_t>(run.footer->events)));
  return "<p class=\"meta\">" + escaped(text) + "</p>\n";
}

std::string missing_note(const RunRecord& run) {
  if (run.has_facts()) return "";
  std::string text = run.header.level == LogLevel::none
                         ? "This log was written at level none: it has no events, so that nothing can be shown."
                         : "This log was written at level decisions: it has no facts. Pods, nodes, quotas and the "
                           "cluster's part of the waiting are missing; what the driver did and saw is here.";
  if (run.header.engine == "live") text += " A live run's log never has facts.";
  return "<p class=\"note\">" + escaped(text) +
         (run.header.engine == "live" ? "" : " Run with --log all to have them.") + "</p>\n";
}

std::string requests_table(const RunRecord& run) {
  std::map<std::string, std::map<std::string, std::int64_t>> counts;  // what -> answer -> n
  std::vector<std::string> codes;
  for (const ApplicationView& app : run.projection.applications()) {
    for (const auto& [what, n] : app.requests) {
      const std::size_t cut = what.rfind(' ');
      counts[what.substr(0, cut)][what.substr(cut + 1)] += n;
      codes.push_back(what.substr(cut + 1));
    }
  }
  std::ranges::sort(codes);
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  std::vector<std::string> heads{"request"};
  heads.insert(heads.end(), codes.begin(), codes.end());
  std::vector<TableRow> rows;
  for (const auto& [what, by_code] : counts) {
    TableRow row{text_cell(what)};
    for (const std::string& code : codes) {
      const auto it = by_code.find(code);
      row.push_back(number_cell(it == by_code.end() ? "" : count_text(it->second)));
    }
    rows.push_back(std::move(row));
  }
  return table_html("The drivers' requests by answer", heads, rows);
}

std::string applications_table(const RunRecord& run) {
  std::vector<TableRow> rows;
  for (std::size_t i = 0; i < run.applications.size(); ++i) {
    const ApplicationView& app = run.projection.applications()[i];
    const auto shares = limits(run, app.name);
    const Kpis& kpis = run.applications[i];
    rows.push_back(
        {text_cell(app.name), number_cell(count_text(app.target_max)), number_cell(count_text(app.registered_max)),
         number_cell(kpi_text("time_to_50_ms", kpis.at("time_to_50_ms"))),
         number_cell(kpi_text("time_to_100_ms", kpis.at("time_to_100_ms"))),
         text_cell(shares.empty()
                       ? ""
                       : fmt::format("{} ({} %)", reason_name(shares.front().reason), shares.front().percent))});
  }
  return table_html("Applications",
                    {"application", "target", "registered", "half after", "all after", "waited most for"}, rows);
}

std::string slowest_section(const RunRecord& run) {
  const Explanation& e = run.explanation;
  if (e.slowest.empty()) return paragraph_html("No executor was asked for.");
  std::string out;
  for (const ExecutorDetail& detail : e.slowest) {
    const ExecutorWait& wait = e.waits[detail.wait];
    const std::string summary =
        fmt::format("{} {}: waited {}, {}. {}", wait.application, executor_name(wait),
                    format_time(wait.until_us - wait.wanted_us), fate_text(wait), shares_of(wait));
    out += strip_html(wait) +
           details_html(summary, "<pre tabindex=\"0\">" + escaped(shortened(executor_text(e, detail))) + "</pre>\n");
  }
  return out;
}

std::string kpis_table(const Kpis& kpis, std::string_view caption) {
  std::vector<TableRow> rows;
  for (const auto& [name, value] : kpis) rows.push_back({text_cell(name), number_cell(kpi_text(name, value))});
  return table_html(caption, {"KPI", "value"}, rows);
}

}  // namespace podramp::sim

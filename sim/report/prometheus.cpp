// A run's final numbers in Prometheus' text format (declared in exports.h).
#include <fmt/format.h>

#include <map>

#include "sim/report/exports.h"

namespace podramp::sim {
namespace {

std::string label_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

// Base units, as the naming rules want them: seconds instead of milliseconds, the unit last.
struct MetricName {
  std::string name;
  double divide = 1;
};
MetricName metric_of(const std::string& kpi) {
  if (kpi == "requests_per_s_max") return {"podramp_requests_per_second_max", 1};
  if (kpi.ends_with("_ms")) return {"podramp_" + kpi.substr(0, kpi.size() - 3) + "_seconds", 1000};
  return {"podramp_" + kpi, 1};
}

class Exposition {
 public:
  void sample(const std::string& metric, std::string_view help, const std::string& labels, double value) {
    auto& [text, lines] = families_[metric];
    text = help;
    lines += fmt::format("{}{{{}}} {:.15g}\n", metric, labels, value);
  }
  std::string finish() const {
    std::string out;
    for (const auto& [metric, family] : families_) {
      out += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n{2}", metric, family.first, family.second);
    }
    return out;
  }

 private:
  std::map<std::string, std::pair<std::string, std::string>> families_;
};

}  // namespace

std::string prometheus_text(const RunRecord& run) {
  Exposition out;
  const std::string of_run = fmt::format("scenario=\"{}\",seed=\"{}\"", label_value(run.scenario), run.header.seed);
  const auto kpis = [&](const Kpis& values, const std::string& labels, std::string_view whose) {
    for (const auto& [name, value] : values) {
      const auto [metric, divide] = metric_of(name);
      if (name.ends_with("_ms") && value < 0) continue;  // never
      if (name == "leaked_pods") continue;               // the log does not know; summary.json does
      out.sample(whose == "run" ? metric : "podramp_application_" + metric.substr(8),
                 fmt::format("KPI {} of the {}.", name, whose), labels, static_cast<double>(value) / divide);
    }
  };
  kpis(run.kpis, of_run, "run");
  for (std::size_t i = 0; i < run.applications.size(); ++i) {
    const ApplicationView& app = run.projection.applications()[i];
    const std::string labels = of_run + fmt::format(",application=\"{}\"", label_value(app.name));
    kpis(run.applications[i], labels, "application");
    for (const auto& [what, n] : app.requests) {
      const std::size_t cut = what.rfind(' ');
      out.sample("podramp_api_answers", "Answers of the API server to the application's driver.",
                 labels + fmt::format(",request=\"{}\",code=\"{}\"", label_value(what.substr(0, cut)),
                                      label_value(what.substr(cut + 1))),
                 static_cast<double>(n));
    }
  }
  out.sample("podramp_run_info", "The run that the other samples are of; always 1.",
             of_run + fmt::format(",engine=\"{}\",ended=\"{}\",version=\"{}\"", label_value(run.header.engine),
                                  run.footer ? label_value(run.footer->ended) : "cut off", kPodrampVersion),
             1);
  return out.finish();
}

}  // namespace podramp::sim

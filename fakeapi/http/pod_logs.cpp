// GET of pods/log. Simulated processes write nothing by themselves: a log says in a line each when the container
// started and how it ended, so that `kubectl logs` and `logs -f` behave as with a quiet program.
#include <fmt/format.h>

#include <algorithm>

#include "fakeapi/http/front.h"

namespace podramp::fakeapi::rest {
namespace {

const ContainerStatus* status_of(const Pod& pod, const std::string& container) {
  const auto it = std::ranges::find(pod.containers, container, &ContainerStatus::name);
  return it == pod.containers.end() ? nullptr : &*it;
}

// What there is to read, whoever has written it.
struct Said {
  std::vector<OutputLine> lines;
  std::size_t first = 0;  // which line of the container's the first one is
};

Said simulated(const PodTimes& times, const Pod& pod, const std::string& image, const ContainerStatus& status) {
  Said said;
  said.lines.push_back({std::max(times.started_us, pod.created_us),
                        fmt::format("podramp: {} runs on {} (a simulated process)", image, pod.node)});
  if (status.state == ContainerStateKind::terminated) {
    said.lines.push_back({std::max(times.ended_us, pod.created_us),
                          fmt::format("podramp: ended with exit code {} ({})", status.exit_code, status.reason)});
  }
  return said;
}

Said printed(const ContainerOutput& output, std::size_t from) {
  Said said;
  const std::size_t skip = std::min(output.lines.size(), from > output.dropped ? from - output.dropped : 0);
  said.first = output.dropped + skip;
  said.lines.assign(output.lines.begin() + static_cast<std::ptrdiff_t>(skip), output.lines.end());
  return said;
}

LogText shown(const Said& said, const LogAsked& asked, const Scene& scene, std::size_t from) {
  LogText text;
  text.next = said.first + said.lines.size();
  for (std::size_t i = 0; i < said.lines.size(); ++i) {
    const auto& [at, line] = said.lines[i];
    if (said.first + i < from || (asked.since_s && at < scene.now - *asked.since_s * kSecondUs)) continue;
    text.lines.push_back(asked.timestamps ? format_wall_micros(at, scene.zero) + " " + line : line);
  }
  if (asked.tail_lines && *asked.tail_lines >= 0 && static_cast<std::size_t>(*asked.tail_lines) < text.lines.size()) {
    text.lines.erase(text.lines.begin(), text.lines.end() - static_cast<std::ptrdiff_t>(*asked.tail_lines));
  }
  return text;
}

}  // namespace

Result<LogText> log_lines(const LogAsked& asked, const Scene& scene, std::size_t from) {
  const PodRecord* record = scene.state.find_pod(asked.pod);
  const std::string name = asked.pod.substr(asked.pod.find('/') + 1);
  if (record == nullptr) return tl::unexpected(Error{fmt::format("pods \"{}\" not found", name)});
  const Pod& pod = *record->pod;
  const auto& containers = pod.tmpl->containers;
  if (asked.container.empty() && containers.size() > 1) {
    std::vector<std::string> names;
    for (const Container& c : containers) names.push_back(c.name);
    return tl::unexpected(Error{fmt::format("a container name must be specified for pod {}, choose one of: [{}]", name,
                                            fmt::join(names, " "))});
  }
  const std::string container = !asked.container.empty() ? asked.container
                                : containers.empty()     ? ""
                                                         : containers.front().name;
  const auto spec = std::ranges::find(containers, container, &Container::name);
  if (spec == containers.end()) {
    return tl::unexpected(Error{fmt::format("container {} is not valid for pod {}", container, name)});
  }
  const ContainerOutput* output = scene.outputs == nullptr ? nullptr : scene.outputs->output(asked.pod, asked.previous);
  if (output != nullptr && output->container == container) return shown(printed(*output, from), asked, scene, from);
  if (asked.previous) {
    return tl::unexpected(
        Error{fmt::format("previous terminated container \"{}\" in pod \"{}\" not found", container, name)});
  }
  const ContainerStatus* status = status_of(pod, container);
  if (status == nullptr || status->state == ContainerStateKind::waiting) {
    const std::string why = status == nullptr || status->reason.empty() ? "ContainerCreating" : status->reason;
    return tl::unexpected(
        Error{fmt::format("container \"{}\" in pod \"{}\" is waiting to start: {}", container, name, why)});
  }
  const PodTimes* known = scene.times == nullptr ? nullptr : scene.times->find(asked.pod);
  return shown(simulated(known == nullptr ? PodTimes{} : *known, pod, spec->image, *status), asked, scene, from);
}

bool log_may_grow(const LogAsked& asked, const Scene& scene) {
  const PodRecord* record = scene.state.find_pod(asked.pod);
  return record != nullptr && !is_terminal(*record->pod) && asked.follow;
}

}  // namespace podramp::fakeapi::rest

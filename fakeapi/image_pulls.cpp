#include "fakeapi/image_pulls.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/json_writer.h"

namespace podramp::fakeapi {
namespace {

// The kubelet looks at its pods again about a second after a failure, and then shows the back-off (K58, K61).
constexpr DurationUs kRelistUs = kSecondUs;

bool always(const std::string& image, const std::string& policy) {
  if (!policy.empty()) return policy == "Always";
  if (image.find('@') != std::string::npos) return false;
  const std::size_t slash = image.rfind('/');
  const std::size_t colon = image.find(':', slash == std::string::npos ? 0 : slash);
  return colon == std::string::npos || image.substr(colon) == ":latest";
}

}  // namespace

ImagePulls::ImagePulls(Context& context) : context_(context), layers_(context.config()) {
  const auto& nodes = context.config().nodes;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) node_index_.emplace(nodes[i].node.name, i);
}

// --- asking ----------------------------------------------------------------------------------------------------

bool ImagePulls::need(PodId pod, const std::string& node, const std::string& image, const std::string& policy,
                      Seq cause) {
  const NodeRecord* record = context_.state().find_node(node);
  if (record == nullptr) return false;
  const bool present = record->images.contains(image);
  const bool free = layers_.size(image) == 0;
  if (policy == "Never") {
    if (present || free) return true;
    tell({pod}, PullNews::never_pull,
         fmt::format("Container image \"{}\" is not present with pull policy of Never", image), cause);
    return false;
  }
  if (present && (free || !always(image, policy))) return true;
  const Place place{node, image};
  const bool asked = find_job(place) != nullptr;
  if (free && !asked && !(fail_hook_ && fail_hook_(node, image, registry_of(image), 1))) return true;

  const auto [it, fresh] = pulls_of(node).jobs.try_emplace(image);
  Job& job = it->second;
  if (fresh) {
    job.number = ++jobs_made_;
    job.doomed = free;  // or it would not have come here
    job.check_only = present;
    job.cause = cause;
    places_[job.number] = place;
  }
  if (std::ranges::find(job.pods, pod) == job.pods.end()) job.pods.push_back(pod);
  if (job.unpacking && job.interrupted) {
    attempt_interrupted(place, cause);
  } else if (job.queued || job.running) {
    start_next(node);
  } else if (fresh || job.interrupted) {
    job.interrupted = false;
    job.failures = 0;
    enqueue(place, job);
  } else {
    tell({pod}, PullNews::backing_off, fmt::format("Back-off pulling image \"{}\"", image), cause);
  }
  return false;
}

void ImagePulls::cancel(PodId pod, const std::string& node, Seq cause) {
  const auto pulls = nodes_.find(node);
  if (pulls == nodes_.end()) return;
  std::vector<Place> idle;
  for (auto& [image, job] : pulls->second.jobs) {
    std::erase(job.pods, pod);
    if (job.pods.empty()) idle.emplace_back(node, image);
  }
  for (const Place& place : idle) {
    const PullId pull = find_job(place)->pull;
    const bool unpacking = find_job(place)->unpacking;
    drop(place);
    if (pull != 0) {
      context_.send(context_.now(), cause, from::CancelPull{pull});
    } else if (!unpacking) {
      continue;
    }
    context_.emit("kubelet", cause, fact::PullFailed{place.first, place.second, "nobody waits for it any more"});
  }
  start_next(node);
}

// --- one attempt after the other -------------------------------------------------------------------------------

void ImagePulls::enqueue(const Place& place, Job& job) {
  job.queued = true;
  pulls_of(place.first).queue.push_back(place.second);
  start_next(place.first);
}

void ImagePulls::start_next(const std::string& node) {
  NodePulls& pulls = pulls_of(node);
  const ClusterConfig& config = context_.config();
  // K60: one at a time, or as many as the cap says.
  const auto may_run = [&] {
    return pulls.running == 0 ||
           (config.parallel_pulls && (config.max_parallel_pulls == 0 || pulls.running < config.max_parallel_pulls));
  };
  while (!pulls.queue.empty() && may_run() && !silent(node)) {
    const Place place{node, pulls.queue.front()};
    pulls.queue.pop_front();
    start(place, pulls.jobs.at(place.second));
  }
}

void ImagePulls::start(const Place& place, Job& job) {
  const auto& [node, image] = place;
  NodePulls& pulls = pulls_of(node);
  job.queued = false;
  job.running = true;
  job.interrupted = false;
  ++job.attempt;
  ++pulls.running;
  const bool free = layers_.size(image) == 0;
  const NodeRecord* record = context_.state().find_node(node);
  job.bytes = record == nullptr ? 0 : layers_.missing(image, record->images);
  if (!job.check_only) {
    const PodRecord* pod = context_.state().find_pod(job.pods.front());
    const std::string name = pod == nullptr ? "" : pod_key(*pod->pod);
    job.cause = context_.emit("kubelet", job.cause, fact::PullStarted{node, image, name, job.bytes, job.attempt});
  }
  if (!pulls.registry.try_take(context_.now())) {  // the kubelet does not wait for a token (K60)
    attempt_failed(place, "pull QPS exceeded", job.cause);
    return;
  }
  const std::optional<int> registry = job.doomed ? std::nullopt : answering_registry(place, job.attempt);
  job.doomed = !registry;
  if (job.doomed || job.check_only || (job.bytes == 0 && !free)) {
    const DurationUs takes = context_.sample(context_.config().latency.read, "cluster.registry", node + "/" + image,
                                             static_cast<std::uint64_t>(job.attempt));
    set_timer(kAnswered, takes, job, job.cause);
  } else if (free) {
    finished(place, job.cause);
  } else {
    job.pull = ++pulls_made_;
    running_.emplace(job.pull, place);
    context_.send(context_.now(), job.cause, from::StartPull{job.pull, *registry, node_index_.at(node), job.bytes});
  }
}

// Mirrors first; each that fails is passed over within the attempt.
std::optional<int> ImagePulls::answering_registry(const Place& place, int attempt) const {
  const int own = registry_of(place.second);
  const auto answers = [&](int registry) {
    return !fail_hook_ || !fail_hook_(place.first, place.second, registry, attempt);
  };
  for (const int mirror : mirrors_of(own, place.first)) {
    if (answers(mirror)) return mirror;
  }
  return answers(own) ? std::optional<int>(own) : std::nullopt;
}

// As a node's own hosts.toml would name them: those in its zone before the others, else as they are listed.
std::vector<int> ImagePulls::mirrors_of(int registry, const std::string& node) const {
  const ClusterConfig& config = context_.config();
  std::vector<int> mirrors = config.registries.at(static_cast<std::size_t>(registry)).mirrors;
  const std::string zone = node_zone(config.nodes[node_index_.at(node)].node);
  if (mirrors.size() > 1 && !zone.empty()) {
    std::ranges::stable_partition(
        mirrors, [&](int mirror) { return config.registries.at(static_cast<std::size_t>(mirror)).zone == zone; });
  }
  return mirrors;
}

void ImagePulls::answered(const Place& place, Seq cause) {
  if (silent(place.first)) {
    attempt_interrupted(place, cause);
  } else if (find_job(place)->doomed) {
    attempt_failed(place, "the registry failed", cause);
  } else {
    finished(place, cause);
  }
}

void ImagePulls::pull_ended(PullId pull, bool ok, Seq cause) {
  const auto it = running_.find(pull);
  if (it == running_.end()) return;  // given up meanwhile
  const Place place = it->second;
  if (ok) {
    if (!unpack(place, *find_job(place), cause)) finished(place, cause);
  } else if (find_job(place)->interrupted) {
    attempt_interrupted(place, cause);
  } else {
    attempt_failed(place, "the transfer failed", cause);
  }
}

// The disk writes one image after the other. False: it takes no time.
bool ImagePulls::unpack(const Place& place, Job& job, Seq cause) {
  const std::int64_t rate = context_.config().nodes[node_index_.at(place.first)].disk_bytes_per_s;
  if (rate == 0) return false;
  running_.erase(job.pull);
  job.pull = 0;
  job.unpacking = true;
  __extension__ using Wide = __int128;
  const auto takes = static_cast<DurationUs>((Wide{job.bytes} * kSecondUs + rate - 1) / rate);
  TimeUs& free_us = pulls_of(place.first).disk_free_us;
  free_us = std::max(free_us, context_.now()) + takes;
  set_timer(kUnpacked, free_us - context_.now(), job, cause);
  return true;
}

void ImagePulls::unpacked(const Place& place, Seq cause) {
  if (silent(place.first) || find_job(place)->interrupted) {
    attempt_interrupted(place, cause);
  } else {
    finished(place, cause);
  }
}

// The attempt is over; the job stays.
void ImagePulls::stop(const Place& place, Job& job) {
  if (job.pull != 0) running_.erase(job.pull);
  job.pull = 0;
  job.unpacking = false;
  job.doomed = false;
  if (job.running) --pulls_of(place.first).running;
  job.running = false;
}

void ImagePulls::attempt_failed(const Place& place, const std::string& why, Seq cause) {
  const auto& [node, image] = place;
  Job& job = *find_job(place);
  stop(place, job);
  const ClusterProfile& profile = context_.config().profile;
  DurationUs wait = profile.pull_backoff_initial_us;
  for (int i = 0; i < job.failures && wait < profile.pull_backoff_max_us; ++i) wait *= 2;
  ++job.failures;
  const Seq seq = context_.emit("kubelet", cause, fact::PullFailed{node, image, why});
  job.cause = seq;
  set_timer(kShowBackOff, std::min(kRelistUs, wait), job, seq);
  set_timer(kRetry, std::min(wait, profile.pull_backoff_max_us), job, seq);
  tell(job.pods, PullNews::failed, fmt::format("failed to pull image \"{}\": {}", image, why), seq);
  start_next(node);
}

// Not the registry's fault: the next attempt starts when the kubelet asks again, or now if it is back already.
void ImagePulls::attempt_interrupted(const Place& place, Seq cause) {
  Job& job = *find_job(place);
  const bool moved = job.pull != 0 || job.unpacking;
  if (job.unpacking) pulls_of(place.first).disk_free_us = context_.now();
  stop(place, job);
  job.interrupted = true;
  if (moved) {
    job.cause = context_.emit("kubelet", cause, fact::PullFailed{place.first, place.second, "the node went off"});
  }
  if (silent(place.first)) return;
  job.interrupted = false;
  enqueue(place, job);
}

void ImagePulls::finished(const Place& place, Seq cause) {
  const auto& [node, image] = place;
  Job& job = *find_job(place);
  const std::vector<PodId> pods = job.pods;
  const bool check_only = job.check_only;
  drop(place);
  Seq seq = cause;
  if (!check_only) seq = context_.emit("kubelet", cause, fact::PullFinished{node, image});
  tell(pods, PullNews::ready, "", seq);
  start_next(node);
}

void ImagePulls::drop(const Place& place) {
  NodePulls& pulls = pulls_of(place.first);
  Job& job = pulls.jobs.at(place.second);
  stop(place, job);
  if (job.queued) std::erase(pulls.queue, place.second);
  places_.erase(job.number);
  pulls.jobs.erase(place.second);
}

// --- facts and timers ------------------------------------------------------------------------------------------

void ImagePulls::on_fact(const Fact& fact, Seq seq) {
  if (const auto* silent = std::get_if<fact::NodeSilent>(&fact)) {
    const auto pulls = nodes_.find(silent->node);
    if (pulls == nodes_.end()) return;
    for (auto& [image, job] : pulls->second.jobs) job.interrupted = !job.queued;
  } else if (const auto* gone = std::get_if<fact::NodeGone>(&fact)) {
    const auto pulls = nodes_.find(gone->node);
    if (pulls == nodes_.end()) return;
    std::vector<Place> all;
    for (const auto& [image, job] : pulls->second.jobs) {
      all.emplace_back(gone->node, image);
      if (job.pull != 0) context_.send(context_.now(), seq, from::CancelPull{job.pull});
    }
    for (const Place& place : all) drop(place);
  }
}

void ImagePulls::on_timer(const ClusterTimer& timer, Seq cause) {
  const auto it = places_.find(timer.index);
  if (it == places_.end()) return;  // the job is over
  const Place place = it->second;
  Job& job = *find_job(place);
  if (job.attempt != static_cast<int>(timer.arg)) return;  // about an earlier attempt
  const Kind kind = static_cast<Kind>(timer.kind);
  if (kind == kAnswered) {
    answered(place, cause);
    return;
  }
  if (kind == kUnpacked) {
    if (job.unpacking) unpacked(place, cause);
    return;
  }
  if (job.running || job.queued || job.interrupted) return;
  if (kind == kRetry) {
    enqueue(place, job);
  } else {
    tell(job.pods, PullNews::backing_off, fmt::format("Back-off pulling image \"{}\"", place.second), cause);
  }
}

// --- small things ----------------------------------------------------------------------------------------------

ImagePulls::NodePulls& ImagePulls::pulls_of(const std::string& node) {
  const ClusterProfile& profile = context_.config().profile;
  const auto it = nodes_.find(node);
  if (it != nodes_.end()) return it->second;
  return nodes_.emplace(node, NodePulls{TokenBucket(profile.registry_qps, profile.registry_burst), {}, {}, 0})
      .first->second;
}

ImagePulls::Job* ImagePulls::find_job(const Place& place) {
  NodePulls& pulls = pulls_of(place.first);
  const auto it = pulls.jobs.find(place.second);
  return it == pulls.jobs.end() ? nullptr : &it->second;
}

bool ImagePulls::silent(const std::string& node) const {
  const NodeRecord* record = context_.state().find_node(node);
  return record == nullptr || record->silent;
}

int ImagePulls::registry_of(std::string_view image) const {
  const ImageSpec* spec = layers_.find(image);
  return spec == nullptr ? 0 : spec->registry;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): a copy, since the listener may cancel pods of the same job
void ImagePulls::tell(std::vector<PodId> pods, PullNews news, const std::string& message, Seq cause) {
  if (!listener_) return;
  for (const PodId pod : pods) listener_(pod, news, message, cause);
}

void ImagePulls::set_timer(Kind kind, DurationUs delay, const Job& job, Seq cause) {
  context_.timer(context_.now() + delay, cause,
                 {Part::image_pulls, kind, job.number, static_cast<std::uint64_t>(job.attempt)});
}

void ImagePulls::waiting(std::vector<std::string>& lines) const {
  for (const auto& [node, pulls] : nodes_) {
    for (const auto& [image, job] : pulls.jobs) {
      std::string what = "its back-off after a failure";
      if (silent(node)) {
        what = "the node to return";
      } else if (job.unpacking) {
        what = "the node's disk";
      } else if (job.running) {
        what = "the registry";
      } else if (job.queued) {
        what = "its turn (pulls are serial)";
      }
      lines.push_back(fmt::format("image {} on node {} waits for: {}", image, node, what));
    }
  }
}

}  // namespace podramp::fakeapi

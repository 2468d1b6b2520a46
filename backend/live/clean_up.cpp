#include "backend/live/clean_up.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "backend/live/stand_in.h"

namespace podramp::live {
namespace {

struct Found {
  std::string name;
  std::string uid;
  std::string run;
  bool going = false;  // has been asked to go by somebody
};

std::string label_of(const StringMap& labels, const char* key) {
  const auto it = labels.find(key);
  return it == labels.end() ? "" : it->second;
}

// All pages, or what the server said instead.
tl::expected<std::vector<Found>, ApiReply> find(ClusterClient& client, const std::string& ns, Kind kind,
                                                const LabelSelector& which) {
  std::vector<Found> found;
  ApiRequest request;
  request.verb = Verb::list;
  request.kind = kind;
  request.ns = ns;
  request.label_selector = which;
  request.limit = 500;
  do {
    const ApiReply reply = client.ask(request);
    if (!reply.ok()) return tl::unexpected(reply);
    for (const PodPtr& pod : reply.list ? reply.list->items : std::vector<PodPtr>{}) {
      const std::string* run = pod->label(kRunLabel);
      found.push_back({pod->name, pod->uid, run == nullptr ? "" : *run, pod->deletion_us.has_value()});
    }
    for (const ManifestPtr& object : reply.manifests) {
      found.push_back(
          {object->name, object->uid, label_of(object->labels, kRunLabel), object->deletion_us.has_value()});
    }
    request.continue_token = reply.continue_token;
  } while (!request.continue_token.empty());
  return found;
}

std::string full_name(Kind kind, const std::string& ns, const std::string& name) {
  return fmt::format("{}/{}/{}", to_text(kind), ns, name);
}

std::string unlisted(Kind kind, const std::string& ns, const ApiReply& said) {
  return fmt::format("{} in namespace {} cannot be listed: {}", to_text(kind), ns,
                     said.message.empty() ? to_text(said.transport) : said.message);
}

// Asks one object to go; its uid is a precondition, so that nothing else of its name is met. False: it has to be asked
// again.
bool remove(ClusterClient& client, const std::string& ns, Kind kind, const Found& object, Sweep& sweep) {
  ApiRequest request;
  request.verb = Verb::remove;
  request.kind = kind;
  request.ns = ns;
  request.name = object.name;
  request.uid_precondition = object.uid;
  const ApiReply reply = client.ask(request);
  if (reply.ok()) ++sweep.deleted;
  if (reply.ok()) return true;
  if (reply.code == 404 || reply.code == 409) return false;
  sweep.errors.push_back(fmt::format("{} cannot be deleted: {}", full_name(kind, ns, object.name),
                                     reply.message.empty() ? to_text(reply.transport) : reply.message));
  return false;
}

}  // namespace

const std::vector<Kind>& swept_kinds() {
  static const std::vector<Kind> kKinds{Kind::stateful_set, Kind::deployment, Kind::pod, Kind::config_map,
                                        Kind::persistent_volume_claim};
  return kKinds;
}

Sweep sweep(ClusterClient& client, const LiveClock& clock, const SweepSettings& settings) {
  Sweep result;
  const LabelSelector which = objects_of(settings.run);
  const TimeUs deadline = clock.now() + settings.patience_us;
  std::vector<std::string> asked;  // uids
  std::optional<TimeUs> empty_since;
  while (true) {
    result.left.clear();
    result.errors.clear();
    for (const Kind kind : settings.kinds) {
      const auto found = find(client, settings.ns, kind, which);
      if (!found) {
        const ApiReply& said = found.error();
        // Whoever may not list a kind, or has no such kind, could not begin a run that makes it: see the preflight.
        const bool never_made = kind != Kind::pod && (said.code == 403 || said.code == 404);
        if (!never_made) result.errors.push_back(unlisted(kind, settings.ns, said));
        continue;
      }
      for (const Found& object : *found) {
        result.left.push_back(full_name(kind, settings.ns, object.name));
        const bool going = object.going || std::ranges::find(asked, object.uid) != asked.end();
        if (going || settings.give_up()) continue;
        if (remove(client, settings.ns, kind, object, result)) asked.push_back(object.uid);
      }
    }
    // A create that was under way when its client was killed may still be done: only what stays empty is.
    const bool empty = result.left.empty() && result.errors.empty();
    if (!empty) empty_since.reset();
    if (empty && !empty_since) empty_since = clock.now();
    const bool done = empty && clock.now() - *empty_since >= settings.settle_us;
    if (done || clock.now() >= deadline || settings.give_up()) return result;
    std::this_thread::sleep_for(std::chrono::microseconds(settings.pause_us));
  }
}

Result<std::vector<std::string>> left_by_others(ClusterClient& client, const std::string& ns,
                                                const std::vector<Kind>& kinds) {
  std::vector<std::string> left;
  for (const Kind kind : kinds) {
    const auto found = find(client, ns, kind, objects_of_any_run());
    const bool may_not = !found && (found.error().code == 403 || found.error().code == 404);
    if (!found && !may_not) return tl::unexpected(Error{unlisted(kind, ns, found.error())});
    for (const Found& object : found ? *found : std::vector<Found>{}) {
      left.push_back(fmt::format("{} (run {})", full_name(kind, ns, object.name), object.run));
    }
  }
  return left;
}

}  // namespace podramp::live

// The API server held to a small model of its own over random histories: what is stored, which versions, what lists,
// pages and watches show, how deletion goes, what a quota counts (K2, K4, K12, K14, K15, K17, K23, K26-K31, K36).
// The model knows nothing of the server's parts; it is written from the facts.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::api_model_test {
namespace {

constexpr int kHistories = 300;
constexpr int kOperations = 150;
constexpr std::int64_t kQuotaPods = 5;

struct ModelPod {
  std::string role;
  std::uint64_t rv = 0;
  bool bound = false;
  bool running = false;
  bool finished = false;
  std::optional<std::int64_t> grace_s;  // it is being deleted
};

struct ModelEvent {
  std::uint64_t rv = 0;
  std::string pod;
  std::string role_before;  // "": it was not there
  std::string role_after;   // "": it is gone
};

// What a watch of a role ("" for all) has been promised.
struct ModelWatch {
  std::uint64_t call = 0;
  std::string role;
  std::vector<std::string> expected;
};

class Model {
 public:
  std::map<std::string, ModelPod> pods;
  std::vector<ModelEvent> events;
  std::vector<ModelWatch> watches;
  std::uint64_t rv = 0;

  bool has(const std::string& name) const { return pods.contains(name); }
  void put(const std::string& name, const std::string& role_before, const std::string& role_after) {
    if (!role_after.empty()) pods[name].rv = rv;
    events.push_back({rv, name, role_before, role_after});
    for (ModelWatch& watch : watches) offer(watch, events.back());
  }
  // K23: what a change is to somebody who sees one role.
  static void offer(ModelWatch& watch, const ModelEvent& event) {
    const auto sees = [&](const std::string& role) {
      return !role.empty() && (watch.role.empty() || watch.role == role);
    };
    const bool before = sees(event.role_before);
    const bool after = sees(event.role_after);
    if (!before && !after) return;
    const std::string_view what = !after ? "DELETED" : before ? "MODIFIED" : "ADDED";
    watch.expected.push_back(fmt::format("{} {}@{}", what, event.pod, event.rv));
  }
  std::vector<std::string> listed(const std::string& role) const {
    std::vector<std::string> lines;
    for (const auto& [name, pod] : pods) {
      if (role.empty() || pod.role == role) lines.push_back(fmt::format("{}@{}", name, pod.rv));
    }
    return lines;
  }
};

class History {
 public:
  explicit History(std::uint64_t seed) : seed_(seed), world_(config()) {}

  void run() {
    for (int i = 0; i < kOperations && !testing::Test::HasFailure(); ++i) step();
    if (testing::Test::HasFailure()) return;
    compare_watches();
    compare_quota();
  }

 private:
  static ClusterConfig config() {
    ClusterConfig config = test_config();
    config.quotas.push_back({"ns", "q", {{"pods", kQuotaPods}}});
    return config;
  }
  std::int64_t draw(std::int64_t low, std::int64_t high) {
    return Draw(seed_, "test.history", "", ++draws_).uniform(low, high);
  }
  std::string any_name() { return fmt::format("p{}", draw(0, 7)); }
  std::string any_role() { return draw(0, 1) == 0 ? "a" : "b"; }

  void step() {
    switch (draw(0, 12)) {
      case 0:
      case 1:
      case 2: return create(any_name(), any_role());
      case 3: return relabel(any_name(), any_role());
      case 4:
      case 5: return remove(any_name());
      case 6: return bind(any_name());
      case 7: return finish(any_name());
      case 8: return confirm(any_name());
      case 9: return list(draw(0, 2) == 0 ? "" : any_role());
      case 10: return page();
      case 11: return watch(draw(0, 2) == 0 ? "" : any_role());
      default: world_.run_until(world_.now() + draw(0, 20 * kSecondUs));
    }
  }

  std::int64_t used() const { return world_.state().quotas().at("ns/q").used.at("pods"); }

  void create(const std::string& name, const std::string& role) {
    world_.run_until(world_.now() + 2 * kQuotaUs);  // no recount is under way then (K42)
    const bool room = used() + 1 <= kQuotaPods;
    const ApiReply reply = world_.ask(create_of(make_pod(name, tmpl_, {{"role", role}})));
    if (!room) {
      EXPECT_EQ(reply.code, 403);
    } else if (model_.has(name)) {
      EXPECT_EQ(reply.code, 409);  // charged, and not stored (K2)
      EXPECT_EQ(reply.reason, "AlreadyExists");
    } else {
      EXPECT_EQ(reply.code, 201);
      ++model_.rv;
      model_.pods[name].role = role;
      model_.put(name, "", role);
      EXPECT_EQ(reply.object->resource_version, model_.rv);
    }
  }

  void relabel(const std::string& name, const std::string& role) {
    ApiRequest request = request_of(Verb::patch, name);
    request.set_labels["role"] = role;
    const ApiReply reply = world_.ask(request);
    EXPECT_EQ(reply.code, model_.has(name) ? 200 : 404);
    if (!model_.has(name) || model_.pods[name].role == role) return;  // nothing changes, nothing is written
    const std::string before = std::exchange(model_.pods[name].role, role);
    ++model_.rv;
    model_.put(name, before, role);
  }

  void gone(const std::string& name) {
    const std::string role = model_.pods[name].role;
    ++model_.rv;  // no grace is left (K28)
    model_.put(name, role, role);
    model_.pods.erase(name);
    ++model_.rv;
    model_.put(name, role, "");
  }

  void remove(const std::string& name) {
    ApiRequest request = request_of(Verb::remove, name);
    const std::int64_t asked = draw(-1, 3);
    if (asked >= 0) request.grace_s = asked * 10;
    const ApiReply reply = world_.ask(request);
    EXPECT_EQ(reply.code, model_.has(name) ? 200 : 404);
    if (!model_.has(name)) return;
    ModelPod& pod = model_.pods[name];
    const bool at_once = !pod.grace_s && (!pod.bound || pod.finished);
    if (pod.grace_s && *pod.grace_s <= request.grace_s.value_or(INT64_MAX)) return;  // it may only be shortened
    const std::int64_t grace_s = at_once ? 0 : request.grace_s.value_or(30);
    if (grace_s == 0) return gone(name);
    pod.grace_s = grace_s;
    ++model_.rv;
    model_.put(name, pod.role, pod.role);
  }

  // What scheduler and kubelet do.
  void bind(const std::string& name) {
    if (!model_.has(name) || model_.pods[name].bound || model_.pods[name].finished) return;
    ModelPod& pod = model_.pods[name];
    world_.bind("ns/" + name, "node");
    pod.bound = true;
    ++model_.rv;
    model_.put(name, pod.role, pod.role);
  }
  void finish(const std::string& name) {
    if (!model_.has(name) || !model_.pods[name].bound || model_.pods[name].finished) return;
    ModelPod& pod = model_.pods[name];
    world_.finish_pod("ns/" + name);
    pod.finished = true;
    ++model_.rv;
    model_.put(name, pod.role, pod.role);
  }
  void confirm(const std::string& name) {
    if (!model_.has(name) || !model_.pods[name].grace_s) return;
    world_.deletion.finish(world_.id_of("ns/" + name), "kubelet", "kubelet", 0);
    gone(name);
  }

  static std::vector<std::string> items(const ApiReply& reply) {
    std::vector<std::string> lines;
    for (const PodPtr& pod : reply.list->items) lines.push_back(fmt::format("{}@{}", pod->name, pod->resource_version));
    return lines;
  }
  ApiRequest list_request(const std::string& role) const {
    ApiRequest request = request_of(Verb::list);
    if (!role.empty()) request.label_selector = *parse_label_selector("role=" + role);
    return request;
  }

  void list(const std::string& role) {
    const ApiReply reply = world_.ask(list_request(role));
    EXPECT_EQ(items(reply), model_.listed(role));
    EXPECT_EQ(reply.resource_version, model_.rv);
  }

  // Pages of the first page's snapshot, whatever happens between them.
  void page() {
    const std::vector<std::string> all = model_.listed("");
    ApiRequest request = list_request("");
    request.limit = draw(1, 3);
    std::vector<std::string> seen;
    for (int pages = 0; pages < 10; ++pages) {
      const ApiReply reply = world_.ask(request);
      ASSERT_EQ(reply.code, 200);
      for (std::string& item : items(reply)) seen.push_back(std::move(item));
      request.continue_token = reply.continue_token;
      if (request.continue_token.empty()) break;
      create(any_name(), any_role());
      remove(any_name());
    }
    EXPECT_EQ(seen, all);
  }

  void watch(const std::string& role) {
    ApiRequest request = list_request(role);
    request.verb = Verb::watch;
    ModelWatch watch;
    watch.role = role;
    const bool from_now = draw(0, 1) == 0 || model_.events.empty();
    if (from_now) {
      for (const std::string& item : model_.listed(role)) watch.expected.push_back("ADDED " + item);
    } else {
      const auto at = static_cast<std::size_t>(draw(0, static_cast<std::int64_t>(model_.events.size()) - 1));
      const std::uint64_t rv = model_.events[at].rv;
      request.resource_version = std::to_string(rv);
      if (rv < world_.watches.history().forgotten_rv()) {
        EXPECT_EQ(world_.ask(request).code, 410);
        return;
      }
      for (std::size_t i = at + 1; i < model_.events.size(); ++i) Model::offer(watch, model_.events[i]);
    }
    watch.call = world_.call(request);
    while (!world_.answers.contains(watch.call)) world_.run_until(world_.now() + kMillisecondUs);
    EXPECT_EQ(world_.answers.at(watch.call).reply.code, 200);
    model_.watches.push_back(std::move(watch));
  }

  void compare_watches() {
    world_.run_until(world_.now() + kMinuteUs);
    for (const ModelWatch& watch : model_.watches) {
      std::vector<std::string> seen;
      for (const TestWorld::Delivered& delivered : world_.delivered) {
        if (delivered.watch != watch.call) continue;
        for (const WatchEvent& event : delivered.events) {
          seen.push_back(
              fmt::format("{} {}@{}", to_text(event.type), event.object->name, event.object->resource_version));
        }
      }
      const bool closed = std::ranges::any_of(world_.closed, [&](const auto& end) { return end.watch == watch.call; });
      if (closed) continue;  // its time was over
      EXPECT_EQ(seen, watch.expected) << "watch " << watch.call << " of role \"" << watch.role << "\"";
    }
  }

  // Once quiet, what counts is what is there: not finished, and not past its deletion for as long again (K36, K37).
  void compare_quota() {
    world_.run_until(world_.now() + 15 * kMinuteUs);
    std::int64_t live = 0;
    for (const auto& [name, pod] : model_.pods) live += pod.finished || pod.grace_s ? 0 : 1;
    EXPECT_EQ(used(), live);
  }

  std::uint64_t seed_;
  std::uint64_t draws_ = 0;
  TestWorld world_;
  Model model_;
  TemplatePtr tmpl_ = share(small_template());
};

TEST(ApiModel, TheServerDoesWhatItsModelSaysOverRandomHistories) {
  for (std::uint64_t seed = 1; seed <= kHistories; ++seed) {
    SCOPED_TRACE(fmt::format("history {}", seed));
    History(seed).run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace podramp::fakeapi::api_model_test

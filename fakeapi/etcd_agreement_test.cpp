// Our store against etcd: the revisions, states, events and errors of a recorded history. scripts/etcd_agreement makes
// new ones with a real etcd (slow test); one recording lies in fakeapi/testdata for every run.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "backend/port/json_writer.h"
#include "fakeapi/cluster_state.h"
#include "fakeapi/pod_history.h"

namespace podramp::fakeapi::etcd_agreement_test {
namespace {

constexpr std::string_view kPrefix = "pods/";

// etcd's operations on what the API server keeps pods in.
class Store {
 public:
  std::string put(const std::string& key, const std::string& value) {
    const std::string name = key.substr(kPrefix.size());
    if (state_.find_pod(name) == nullptr) {
      auto pod = std::make_shared<Pod>();
      const std::size_t slash = name.find('/');
      pod->ns = name.substr(0, slash);
      pod->name = name.substr(slash + 1);
      pod->uid = uid_text(++pods_);
      pod->resource_version = ++revision_;
      pod->tmpl = share(PodTemplate{});
      pod->own_labels["v"] = value;
      apply(fact::PodCreated{pod});
    } else {
      apply(fact::PodLabelled{name, ++revision_, {{"v", value}}});
    }
    return std::to_string(revision_);
  }
  std::string remove(const std::string& key) {
    const std::string name = key.substr(kPrefix.size());
    const bool there = state_.find_pod(name) != nullptr;
    if (there) apply(fact::PodGone{name, ++revision_, "api"});
    return fmt::format("{} {}", revision_, there ? 1 : 0);
  }
  std::string compact(std::uint64_t revision) {
    if (revision > revision_) return "future";
    return history_.compact(revision) ? "ok" : "compacted";
  }
  std::string range(std::uint64_t revision) const {
    if (revision > revision_) return "future";
    if (revision < history_.compacted_rv()) return "compacted";
    std::map<std::string, PodPtr, std::less<>> pods;
    for (const auto& [name, id] : state_.pods_by_name()) pods[name] = state_.find_pod(id)->pod;
    for (const auto& [name, pod] : history_.undone(revision)) pods[name] = pod;
    std::vector<std::string> lines;
    for (const auto& [name, pod] : pods) {
      if (pod != nullptr) lines.push_back(fmt::format("{}@{}", text(*pod), pod->resource_version));
    }
    return lines.empty() ? "empty" : fmt::format("{}", fmt::join(lines, " "));
  }
  std::string watch(std::uint64_t start) const {
    if (start < history_.compacted_rv()) return fmt::format("compacted {}", history_.compacted_rv());
    std::vector<std::string> events;
    for (auto it = history_.after(start - 1); it != history_.versions().end(); ++it) {
      // etcd's compaction drops the tombstone of the very revision at which it compacts; the API server reads its watch
      // cache, and never sees that.
      if (it->after == nullptr && it->rv == history_.compacted_rv()) continue;
      events.push_back(it->after != nullptr ? fmt::format("PUT {}@{}", text(*it->after), it->rv)
                                            : fmt::format("DELETE {}{}@{}", kPrefix, pod_key(*it->before), it->rv));
    }
    return events.empty() ? "empty" : fmt::format("{}", fmt::join(events, ", "));
  }

 private:
  static std::string text(const Pod& pod) {
    return fmt::format("{}{}={}", kPrefix, pod_key(pod), pod.own_labels.at("v"));
  }
  void apply(const Fact& fact) {
    state_.apply(fact);
    const ClusterState::Change& change = state_.last_change();
    history_.remember({0, revision_, change.before, change.after, 0}, {});
  }

  ClusterState state_;
  PodHistory history_;
  std::uint64_t revision_ = 1;  // as an empty etcd has it
  PodId pods_ = 0;
};

std::string answer(Store& store, const std::string& operation) {
  std::istringstream words(operation);
  std::string what;
  std::string first;
  std::string second;
  words >> what >> first >> second;
  if (what == "put") return store.put(first, second);
  if (what == "delete") return store.remove(first);
  const std::uint64_t revision = std::stoull(first);
  if (what == "compact") return store.compact(revision);
  return what == "range" ? store.range(revision) : store.watch(revision);
}

// Lines "OPERATION -> ANSWER"; the number of operations.
int replay(std::istream& transcript) {
  Store store;
  std::string line;
  int operations = 0;
  for (int number = 1; std::getline(transcript, line); ++number) {
    const std::size_t arrow = line.find(" -> ");
    if (line.starts_with("#") || arrow == std::string::npos) continue;
    ++operations;
    const std::string operation = line.substr(0, arrow);
    EXPECT_EQ(answer(store, operation), line.substr(arrow + 4)) << "line " << number << ": " << operation;
  }
  return operations;
}

TEST(EtcdAgreement, K12_K19_OurStoreAnswersARecordedHistoryAsEtcdDid) {
  const char* given = std::getenv("PODRAMP_ETCD_TRANSCRIPT");  // NOLINT(concurrency-mt-unsafe): one thread
  const std::string path = given != nullptr ? given : PODRAMP_SOURCE_DIR "/fakeapi/testdata/etcd_history.txt";
  std::ifstream transcript(path);
  ASSERT_TRUE(transcript.is_open()) << path;
  EXPECT_EQ(replay(transcript), 400);
}

}  // namespace
}  // namespace podramp::fakeapi::etcd_agreement_test

// `podramp serve` as a process of its own, that may be killed and come back on its port; and live runs against it, in
// this process, where all of their outcome can be looked at. Only for tests.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/live/test_live_world.h"
#include "backend/live/test_process.h"

namespace podramp::sim {

// A scenario of four nodes with these faults and no applications. more: further members, `,"a":1`.
inline std::string served_scenario(const std::string& faults = "", const std::string& cluster = "") {
  return fmt::format(R"({{"schema":"podramp/v1","name":"served","cluster":{{"nodes":[)"
                     R"({{"group":"w","count":4,"cpu":"4","memory":"16Gi"}}]{}}},"faults":[{}],"applications":[]}})",
                     cluster, faults);
}

class ServedProcess {
 public:
  // It has the namespace "spark". options: more of `podramp serve`.
  ServedProcess(const http::TestFolder& folder, const std::string& scenario, std::vector<std::string> options = {})
      : folder_(folder),
        config_(folder.path() + "/kubeconfig"),
        words_{PODRAMP_BINARY, "serve", folder.write("served.json", scenario), "--kubeconfig-out", config_} {
    words_.insert(words_.end(), options.begin(), options.end());
    start("0");
    const std::string said = process_->out();
    const std::size_t end = said.find(';');
    port_ = said.substr(said.rfind(':', end) + 1, end - said.rfind(':', end) - 1);
  }

  const std::string& config() const { return config_; }
  const live::TestProcess& process() const { return *process_; }
  // The end of it, without a word; all that it held is lost.
  void kill() {
    process_->kill(SIGKILL);
    process_->wait();
  }
  // Again on the same port.
  void restart() { start(port_); }
  // Ends it as a user does; its exit code.
  int end() {
    process_->kill(SIGINT);
    return process_->wait();
  }

  // What it answers to a request that is made as its kubeconfig says, tried again while it is refused.
  std::string ask(const std::string& method, const std::string& target, const std::string& body = "") const {
    live::Surroundings none;
    none.variable = [](const char*) { return std::nullopt; };
    const live::LiveClock clock;
    auto access = live::ClusterAccess::open(config_, "", none, clock.zero());
    EXPECT_TRUE(access.has_value());
    live::ClusterClient client(*access, clock);
    live::HttpReply reply;
    live::wait_until([&] {
      reply = client.ask(method, target, body, 5 * kSecondUs);
      return reply.failure == live::HttpFailure::none && reply.status < 429;
    });
    return reply.body;
  }
  // The pods that live runs have made, as JSON; "" when there are none.
  std::string pods_left() const {
    const std::string pods = ask("GET", "/api/v1/namespaces/spark/pods?labelSelector=podramp.dev%2Frun");
    EXPECT_NE(pods.find("\"kind\":\"PodList\""), std::string::npos) << pods;
    return pods.find("\"items\":[]") == std::string::npos ? pods : "";
  }

 private:
  void start(const std::string& port) {
    std::vector<std::string> words = words_;
    words.insert(words.end(), {"--port", port});
    process_.reset();
    process_ =
        std::make_unique<live::TestProcess>(std::move(words), fmt::format("{}/serve-{}", folder_.path(), ++starts_));
    EXPECT_TRUE(live::wait_until([&] { return process_->out().find("serving") != std::string::npos; }))
        << process_->err();
    ask("POST", "/api/v1/namespaces", R"({"metadata":{"name":"spark"}})");
  }

  const http::TestFolder& folder_;
  std::string config_;
  std::vector<std::string> words_;
  std::string port_;
  int starts_ = 0;
  std::unique_ptr<live::TestProcess> process_;
};

// A live run of a scenario as a user's kubeconfig leads it.
struct ServedLiveRun {
  live::LiveClock clock;
  live::ClusterAccess access;
  live::ClusterClient client{access, clock};
  live::LivePlan plan;
  live::RunSettings settings;

  ServedLiveRun(const http::TestFolder& folder, const std::string& config, const std::string& scenario)
      : access([&] {
          live::Surroundings none;
          none.variable = [](const char*) { return std::nullopt; };
          return live::ClusterAccess::open(config, "", none, clock.zero()).value();
        }()) {
    auto read = live::read_plan(scenario, {"small.json", "r-1", "", false});
    EXPECT_TRUE(read.has_value()) << (read ? "" : to_string(read.error().front()));
    plan = std::move(*read);
    settings.run = "r-1";
    settings.log_path = folder.path() + "/events.jsonl";
    settings.loop.hold_us = kSecondUs;
    settings.loop.stuck_us = 20 * kSecondUs;
  }
  live::RunOutcome run() { return live::run_live(client, clock, plan, settings); }
};

}  // namespace podramp::sim

// The dashboard over real sockets: what its stream says, to whom, and that the run does not notice.
#include "sim/dashboard/dashboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "sim/dashboard/commands.h"
#include "sim/test_served.h"
#include "sim/test_stream.h"

namespace podramp::sim::dashboard_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kStream = "/dashboard/stream";

struct Event {
  std::string id;
  std::string name;
  std::map<std::string, std::string> sections;
};

// The body of an answer in chunks, as far as it has come.
std::string unchunked(const std::string& raw) {
  std::string body;
  std::size_t at = raw.find("\r\n\r\n") + 4;
  while (at < raw.size()) {
    const std::size_t line = raw.find("\r\n", at);
    if (line == std::string::npos) break;
    const std::size_t size = std::stoul(raw.substr(at, line - at), nullptr, 16);
    body += raw.substr(line + 2, size);
    at = line + 2 + size + 2;
  }
  return body;
}

std::vector<Event> events_of(const std::string& raw) {
  std::vector<Event> events;
  const std::string body = unchunked(raw);
  for (std::size_t at = 0, end; (end = body.find("\n\n", at)) != std::string::npos; at = end + 2) {
    const std::string text = body.substr(at, end - at);
    if (!text.starts_with("id: ")) continue;  // "retry:", a heartbeat
    Event event;
    const std::size_t name = text.find("\nevent: ");
    const std::size_t data = text.find("\ndata: ");
    event.id = text.substr(4, name - 4);
    event.name = text.substr(name + 8, data - name - 8);
    event.sections = json::parse(text.substr(data + 7)).get<std::map<std::string, std::string>>();
    events.push_back(std::move(event));
  }
  return events;
}

// What a page shows after these.
std::map<std::string, std::string> shown(const std::vector<Event>& events) {
  std::map<std::string, std::string> page;
  for (const Event& event : events) {
    for (const auto& [id, html] : event.sections) page[id] = html;
  }
  return page;
}

std::uint64_t number_of(const Event& event) { return std::stoull(event.id.substr(event.id.find('-') + 1)); }

// Twenty executors in some ten seconds of the run's time.
Scenario small_ramp() { return scenario_of(tiny_text(20)); }
constexpr const char* kReached = "20 of 20 executors in";

class ServedDashboard {
 public:
  explicit ServedDashboard(DashboardLimits limits = {}, const Scenario& scenario = small_ramp(),
                           ServeOptions options = {}, const std::string& log = "") {
    dashboard_ = *Dashboard::of(scenario, limits);
    options.pages = dashboard_.get();
    options.speed_percent = 1'000;
    run_ = std::make_unique<ServedRun>(std::move(options), log, scenario);
  }
  BlockingClient client() const { return run_->client(); }
  BlockingClient reader(const std::string& headers = "") const {
    BlockingClient reader = run_->client();
    reader.ask("GET", kStream, "", headers);
    return reader;
  }
  void stop() { run_->stop(); }

 private:
  std::unique_ptr<Dashboard> dashboard_;
  std::unique_ptr<ServedRun> run_;  // ends before the dashboard does
};

TEST(Dashboard, TheFirstMessageIsTheStateSoFarAndLaterOnesTellWhatHasChanged) {
  ServedDashboard run({.interval = std::chrono::milliseconds(50)});
  BlockingClient reader = run.reader();
  const std::string raw = reader.read_until(kReached);
  EXPECT_THAT(raw, HasSubstr("Content-Type: text/event-stream\r\n"));
  const auto events = events_of(raw);
  ASSERT_GT(events.size(), 3U);
  EXPECT_EQ(events.front().name, "state");
  for (const char* id :
       {"head", "clock", "said", "verdict", "waiting", "counts", "applications", "api", "quota", "nodes", "timeline"}) {
    EXPECT_TRUE(events.front().sections.contains(id)) << id;
  }
  for (std::size_t i = 1; i < events.size(); ++i) {
    EXPECT_EQ(events[i].name, "update");
    EXPECT_GT(number_of(events[i]), number_of(events[i - 1]));
    EXPECT_FALSE(events[i].sections.contains("head"));
    EXPECT_FALSE(events[i].sections.empty());
  }
}

TEST(Dashboard, WhoComesBackWithAnIdGetsWhatHasChangedSinceAndNothingTwice) {
  ServedDashboard run({.interval = std::chrono::milliseconds(50)});
  BlockingClient steady = run.reader();
  std::vector<Event> seen;
  {
    BlockingClient leaves = run.reader();
    seen = events_of(leaves.read_until("event: state"));
    while (seen.empty()) seen = events_of(leaves.read_until("\n\n", 2));
  }
  const std::string id = seen.back().id;
  steady.read_until(kReached);
  BlockingClient back = run.reader("Last-Event-ID: " + id + "\r\n");
  back.read_until(kReached);
  run.stop();
  const auto missed = events_of(back.read_until("event: end"));
  const auto all = events_of(steady.read_until("event: end"));
  ASSERT_FALSE(missed.empty());
  EXPECT_EQ(missed.front().name, "update");
  EXPECT_GT(number_of(missed.front()), number_of(seen.back()));
  EXPECT_FALSE(missed.front().sections.contains("head"));  // it has not changed
  seen.insert(seen.end(), missed.begin(), missed.end());
  EXPECT_TRUE(shown(seen) == shown(all));
}

TEST(Dashboard, AnIdOfAServerBeforeGetsTheWholeState) {
  ServedDashboard run;
  BlockingClient reader = run.reader("Last-Event-ID: 1234abcx5-7\r\n");
  reader.read_until("event: state");
}

TEST(Dashboard, TheLastMessageSaysThatTheRunIsOver) {
  ServedDashboard run;
  BlockingClient reader = run.reader();
  reader.read_until(kReached);
  run.stop();
  const std::string raw = reader.read_until("\r\n0\r\n\r\n");
  const auto events = events_of(raw);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().name, "end");
  EXPECT_THAT(events.back().sections.at("clock"), HasSubstr("The run is over."));
  EXPECT_THAT(events.back().sections.at("verdict"), HasSubstr("Did it reach its target?"));
  EXPECT_TRUE(reader.is_cut());
}

TEST(Dashboard, AHeartbeatTellsThatTheServerIsThere) {
  ServedDashboard run({.interval = std::chrono::hours(1), .heartbeat = std::chrono::milliseconds(20)});
  BlockingClient reader = run.reader();
  reader.read_until(": heartbeat\n\n", 3);
  EXPECT_EQ(reader.count("event: "), 1U);
}

TEST(Dashboard, AClusterWithoutApplicationsHasOneToo) {
  Scenario scenario = small_ramp();
  scenario.applications.clear();
  ServedDashboard run({}, scenario);
  BlockingClient reader = run.reader();
  const auto events = events_of(reader.read_until("\n\n\r\n", 2));
  ASSERT_FALSE(events.empty());
  EXPECT_THAT(events.front().sections.at("verdict"), HasSubstr("No executors are asked for yet"));
  EXPECT_THAT(events.front().sections.at("nodes"), HasSubstr("3 nodes at the start"));
}

// Waits until so many executors have registered, and shows nothing.
class Counter final : public ServedPages {
 public:
  void append(const EventRef& event, PodMemory& /*memory*/) override {
    if (std::holds_alternative<const out::RegistrationAccepted*>(event.data)) ++registered_;
  }
  bool serves(std::string_view /*target*/) const override { return false; }
  int answer(const http::Request& /*request*/, const http::Responder& /*responder*/,
             const std::optional<fakeapi::rest::Caller>& /*caller*/, bool /*open_to_all*/) override {
    return 0;
  }
  void attend(TimeUs /*now*/) override {}
  bool end(TimeUs /*now*/) override { return false; }
  bool wait_for(int registered) const {
    for (int i = 0; i < 2'000 && registered_ < registered; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return registered_ >= registered;
  }

 private:
  std::atomic<int> registered_ = 0;
};

TEST(Dashboard, TheLogHasTheSameBytesWithReadersAsWithout) {
  const std::string plain = scratch_file("plain.jsonl");
  const std::string watched = scratch_file("watched.jsonl");
  {
    Counter counter;
    ServeOptions options;
    options.speed_percent = 1'000;
    options.pages = &counter;
    ServedRun run(options, plain, small_ramp());
    ASSERT_TRUE(counter.wait_for(20));
  }
  {
    ServedDashboard run({.interval = std::chrono::milliseconds(5), .share_percent = 50}, small_ramp(), {}, watched);
    BlockingClient first = run.reader();
    BlockingClient second = run.reader();
    first.read_until("event: ", 3);
    BlockingClient page = run.client();
    page.ask("GET", "/dashboard");
    page.read_until("</html>");
    second.read_until(kReached);
  }
  std::string a = read_bytes(plain);
  std::string b = read_bytes(watched);
  std::remove(plain.c_str());
  std::remove(watched.c_str());
  // They were stopped at different times: all of the one that ended first, but its last checkpoint and its footer,
  // stands in the other.
  const auto without_end = [](std::string log) {
    for (int i = 0; i < 2; ++i) log.resize(log.rfind('\n', log.size() - 2) + 1);
    return log;
  };
  a = without_end(std::move(a));
  b = without_end(std::move(b));
  const std::size_t common = std::min(a.size(), b.size());
  EXPECT_TRUE(a.substr(0, common) == b.substr(0, common));
  const std::string both = a.substr(0, common);
  std::size_t registered = 0;
  for (std::size_t at = both.find("out.registration_accepted"); at != std::string::npos; ++registered) {
    at = both.find("out.registration_accepted", at + 1);
  }
  EXPECT_EQ(registered, 20U);
}

TEST(Dashboard, WithTokensAnybodyGetsThePageAndOnlyWhoMayWatchAllGetsTheData) {
  ServeOptions options;
  options.tokens["all"] = {"alice", {}, {}, {}};
  options.tokens["one-namespace"] = {"bob", {}, {"default"}, {}};
  options.tokens["writes-only"] = {"carol", {}, {}, {"create"}};
  std::vector<std::string> audit;
  options.audit = [&](std::string_view line) { audit.emplace_back(line); };
  {
    ServedDashboard run({}, small_ramp(), options);
    BlockingClient page = run.client();
    page.ask("GET", "/dashboard");
    EXPECT_THAT(page.read_until("</html>"), Not(HasSubstr("etl")));
    BlockingClient nobody = run.reader();
    EXPECT_THAT(nobody.read_until("a token is needed"), HasSubstr("401"));
    BlockingClient in_address = run.client();
    in_address.ask("GET", "/dashboard/stream?token=all");
    in_address.read_until("404");
    BlockingClient wrong = run.reader("Authorization: Bearer no\r\n");
    wrong.read_until("401");
    for (const char* token : {"one-namespace", "writes-only"}) {
      BlockingClient limited = run.reader(std::string("Authorization: Bearer ") + token + "\r\n");
      EXPECT_THAT(limited.read_until("needs a token that may watch"), HasSubstr("403"));
    }
    BlockingClient alice = run.reader("Authorization: Bearer all\r\n");
    alice.read_until("event: state");
  }
  ASSERT_EQ(audit.size(), 7U);
  EXPECT_THAT(audit.back(), HasSubstr(R"("username":"alice")"));
  EXPECT_THAT(audit.back(), Not(HasSubstr("Bearer")));
}

TEST(Dashboard, OtherSitesAndOtherMethodsAreTurnedAway) {
  ServedDashboard run;
  const std::vector<std::pair<std::string, std::string>> all{
      {"GET /dashboard HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421"},
      {"GET /dashboard/stream HTTP/1.1\r\nHost: 127.0.0.1.evil.example:80\r\n\r\n", "421"},
      {"GET /dashboard/stream HTTP/1.1\r\nHost: localhost:1\r\nSec-Fetch-Site: cross-site\r\n\r\n", "403"},
      {"POST /dashboard/stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", "405"},
      {"GET /dashboard/other HTTP/1.1\r\nHost: [::1]:6443\r\n\r\n", "404"},
      {"GET /dashboard HTTP/1.1\r\nHost: 127.0.0.1:6443\r\n\r\n", "200"},
      {"GET /dashboard/stream HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\r\n", "200"}};
  for (const auto& [request, status] : all) {
    BlockingClient client = run.client();
    client.send(request);
    EXPECT_THAT(client.read_until("\r\n\r\n"), testing::StartsWith("HTTP/1.1 " + status)) << request;
  }
}

TEST(Dashboard, PagesForbidWhatIsNotTheirOwn) {
  ServedDashboard run;
  BlockingClient client = run.client();
  client.ask("GET", "/dashboard");
  const std::string page = client.read_until("</html>");
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy: default-src 'none'; script-src 'self';"));
  EXPECT_THAT(page, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(page, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(page, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(page, HasSubstr("aria-live=\"polite\""));
  for (const char* word : {"http://", "https://", "<script>", "onclick", "<style"}) {
    EXPECT_THAT(page, Not(HasSubstr(word)));
  }
}

TEST(Dashboard, OnlySoManyReadersAreServedAtOnce) {
  ServedDashboard run({.readers = 2});
  BlockingClient first = run.reader();
  first.read_until("event: state");
  {
    BlockingClient second = run.reader();
    second.read_until("event: state");
    BlockingClient third = run.reader();
    EXPECT_THAT(third.read_until("more are not served"), HasSubstr("503"));
  }
  for (int i = 0; i < 200; ++i) {  // until the server has noticed that the second has left
    BlockingClient again = run.reader();
    if (again.read_until("\r\n\r\n").find(" 200 ") != std::string::npos) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  FAIL() << "nobody was let in again";
}

TEST(Dashboard, AReaderThatTakesNothingIsCut) {
  ServedDashboard run({.readers = 1,
                       .interval = std::chrono::milliseconds(1),
                       .timeline = std::chrono::milliseconds(1),
                       .share_percent = 90,
                       .patience = std::chrono::milliseconds(200)},
                      shipped_scenario("ramp_500.json"));
  BlockingClient deaf = run.client();
  deaf.take_little();
  deaf.ask("GET", kStream);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_THAT(run.reader().read_until("\r\n\r\n"), HasSubstr("503"));
  for (int i = 0; i < 1'000; ++i) {
    BlockingClient other = run.reader();
    if (other.read_until("\r\n\r\n").find(" 200 ") != std::string::npos) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  FAIL() << "it was never cut";
}

TEST(ServeCommand, HelpFitsOneScreenAndMistakesAreExitTwo) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(serve_command({"--help"}), 0);
  std::fflush(stdout);
  const std::string help = testing::internal::GetCapturedStdout();
  std::size_t lines = 0;
  for (std::size_t at = 0; at < help.size();) {
    const std::size_t end = help.find('\n', at);
    lines += 1 + (std::max<std::size_t>(end - at, 1) - 1) / 80;  // as a terminal of 80 columns shows it
    at = end + 1;
  }
  EXPECT_LE(lines, 24U);
  EXPECT_THAT(help, HasSubstr("\nexample: podramp serve "));
  testing::internal::CaptureStderr();
  for (const Arguments& arguments : std::vector<Arguments>{{}, {"/no/such.json"}, {"x.json", "--dashboard=yes"}}) {
    EXPECT_EQ(serve_command(arguments), 2);
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("/no/such.json"));
}

}  // namespace
}  // namespace podramp::sim::dashboard_test

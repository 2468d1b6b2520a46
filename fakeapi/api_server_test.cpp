#include "fakeapi/api_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::api_server_test {
namespace {

using testing::ElementsAre;
using testing::Pair;

FaultSpec fault_at(const std::string& point, TimeUs from_us, TimeUs until_us) {
  FaultSpec spec;
  spec.point = point;
  spec.from_us = from_us;
  spec.until_us = until_us;
  return spec;
}

class ApiServerTest : public testing::Test {
 protected:
  void use(const ClusterConfig& config) { world.emplace(config); }
  void use_fault(FaultSpec spec) {
    ClusterConfig config = test_config();
    config.faults.push_back(std::move(spec));
    use(config);
  }
  void SetUp() override { use(test_config()); }
  ApiReply create(const std::string& name, StringMap labels = {}) {
    return world->ask(create_of(make_pod(name, tmpl, std::move(labels))));
  }
  std::vector<std::string> names(const ApiReply& reply) const {
    std::vector<std::string> all;
    for (const PodPtr& pod : reply.list->items) all.push_back(pod->ns + "/" + pod->name);
    return all;
  }
  std::vector<fact::RequestRefused> refusals() const { return world->facts_of<fact::RequestRefused>(); }

  std::optional<TestWorld> world;
  TemplatePtr tmpl = share(small_template());
};

TEST_F(ApiServerTest, CreateAnswers201WithTheStoredObject) {  // K3
  world->run_until(7'999'000);
  const std::uint64_t id = world->call(create_of(make_pod("a", tmpl)));
  world->run_until(9'000'000);
  const TestWorld::Answered& answered = world->answers.at(id);
  EXPECT_EQ(answered.at, 7'999'000 + kWriteUs + kReplyUs);
  EXPECT_EQ(answered.reply.code, 201);
  const Pod& pod = *answered.reply.object;
  EXPECT_EQ(pod.uid, uid_text(1));
  EXPECT_EQ(pod.resource_version, 1U);
  EXPECT_EQ(pod.created_us, 8'000'000);  // committed at 8.009 s
  EXPECT_EQ(pod.phase, PodPhase::pending);
  EXPECT_EQ(pod.ns, "ns");
  EXPECT_TRUE(pod.conditions.empty());  // K54
  EXPECT_EQ(answered.cause, world->facts.back().seq);
}

TEST_F(ApiServerTest, InvalidPodsGetThe422OfTheServer) {  // K8
  PodTemplate bad = small_template();
  bad.containers[0].requests.cpu_milli = 2000;
  const ApiReply reply = world->ask(create_of(make_pod("x", share(bad))));
  EXPECT_EQ(reply.code, 422);
  EXPECT_EQ(reply.reason, "Invalid");
  EXPECT_EQ(reply.message,
            "Pod \"x\" is invalid: spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or "
            "equal to cpu limit of 1");
  bad.containers[0].image = "";
  EXPECT_EQ(world->ask(create_of(make_pod("x", share(bad)))).message,
            "Pod \"x\" is invalid: [spec.containers[0].image: Required value, spec.containers[0].resources.requests: "
            "Invalid value: \"2\": must be less than or equal to cpu limit of 1]");
  EXPECT_EQ(refusals().at(0).code, 422);
  EXPECT_EQ(refusals().at(0).name, "ns/x");
}

TEST_F(ApiServerTest, TheNamespacesOfRequestAndObjectMustAgree) {
  auto pod = std::make_shared<Pod>(*make_pod("a", tmpl));
  pod->ns = "other";
  const ApiReply reply = world->ask(create_of(pod));
  EXPECT_EQ(reply.code, 400);
  EXPECT_EQ(reply.message, "the namespace of the provided object does not match the namespace sent on the request");
}

TEST_F(ApiServerTest, GetOfAMissingPodIsAnAnswerNotARefusal) {
  const ApiReply reply = world->ask(request_of(Verb::get, "x"));
  EXPECT_EQ(reply.code, 404);
  EXPECT_EQ(reply.reason, "NotFound");
  EXPECT_EQ(reply.message, "pods \"x\" not found");
  EXPECT_TRUE(refusals().empty());
  create("x");
  EXPECT_EQ(world->ask(request_of(Verb::get, "x")).object->name, "x");
}

TEST_F(ApiServerTest, ListIsByNamespaceAndNameAndCarriesTheVersion) {  // K14
  create("b");
  create("a", {{"exec", "1"}});
  ApiRequest elsewhere = create_of(make_pod("c", tmpl));
  elsewhere.ns = "aa";
  world->ask(elsewhere);
  const ApiReply in_ns = world->ask(request_of(Verb::list));
  EXPECT_EQ(in_ns.code, 200);
  EXPECT_EQ(in_ns.resource_version, 3U);
  EXPECT_THAT(names(in_ns), ElementsAre("ns/a", "ns/b"));
  ApiRequest everywhere = request_of(Verb::list);
  everywhere.ns = "";
  EXPECT_THAT(names(world->ask(everywhere)), ElementsAre("aa/c", "ns/a", "ns/b"));
  ApiRequest labelled = request_of(Verb::list);
  labelled.label_selector = *parse_label_selector("app=etl,exec in (1,2)");
  EXPECT_THAT(names(world->ask(labelled)), ElementsAre("ns/a"));
  ApiRequest by_field = request_of(Verb::list);
  by_field.field_selector = *parse_field_selector("metadata.name!=a,status.phase=Pending");
  EXPECT_THAT(names(world->ask(by_field)), ElementsAre("ns/b"));
  for (const std::string version : {"0", "2"}) {
    ApiRequest at = request_of(Verb::list);
    at.resource_version = version;
    EXPECT_EQ(world->ask(at).list->items.size(), 2U);
  }
}

TEST_F(ApiServerTest, AVersionFromTheFutureIsWaitedForThreeSecondsThenRefused) {  // K16
  create("a");
  ApiRequest list = request_of(Verb::list);
  list.resource_version = "9";
  const TimeUs sent_us = world->now();
  const ApiReply reply = world->ask(list);
  EXPECT_EQ(world->now(), sent_us + kReadUs + 3 * kSecondUs + kReplyUs);
  EXPECT_EQ(reply.code, 504);
  EXPECT_EQ(reply.reason, "Timeout");
  EXPECT_EQ(reply.message, "Timeout: Too large resource version: 9, current: 1");
  EXPECT_EQ(reply.retry_after_s, 1);
  list.resource_version = "x";
  EXPECT_EQ(world->ask(list).code, 400);
}

TEST_F(ApiServerTest, PatchMergesLabelsAndWritesOnlyChanges) {
  create("a");
  ApiRequest patch = request_of(Verb::patch, "a");
  patch.set_labels = {{"app", "etl"}, {"new", "1"}};
  const ApiReply reply = world->ask(patch);
  EXPECT_EQ(reply.code, 200);
  EXPECT_EQ(reply.object->resource_version, 2U);
  EXPECT_EQ(world->facts_of<fact::PodLabelled>().at(0).labels, (StringMap{{"new", "1"}}));
  EXPECT_EQ(world->ask(patch).object->resource_version, 2U);
  patch.set_labels = {{"bad key", ""}};
  EXPECT_EQ(world->ask(patch).code, 422);
  EXPECT_EQ(world->ask(request_of(Verb::patch, "zz")).code, 404);
}

TEST_F(ApiServerTest, DeleteAnswers200WithThePod) {  // K28, K29
  create("a");
  create("b");
  world->bind("ns/a", "n1");
  world->start_pod("ns/a");
  const ApiReply running = world->ask(request_of(Verb::remove, "a"));
  EXPECT_EQ(running.code, 200);
  EXPECT_EQ(running.object->deletion_grace_s, 30);
  EXPECT_EQ(world->facts_of<fact::PodTerminating>().at(0).why, "api");
  const ApiReply pending = world->ask(request_of(Verb::remove, "b"));
  EXPECT_EQ(pending.code, 200);
  EXPECT_EQ(pending.object->name, "b");
  EXPECT_EQ(world->state().find_pod("ns/b"), nullptr);
}

TEST_F(ApiServerTest, DeleteKnowsMissingPodsAndPreconditions) {  // K31
  EXPECT_EQ(world->ask(request_of(Verb::remove, "a")).code, 404);
  EXPECT_EQ(refusals().at(0).code, 404);
  create("a");
  ApiRequest request = request_of(Verb::remove, "a");
  request.uid_precondition = uid_text(9);
  const ApiReply reply = world->ask(request);
  EXPECT_EQ(reply.code, 409);
  EXPECT_EQ(reply.reason, "Conflict");
  EXPECT_EQ(reply.message, "Operation cannot be fulfilled on Pod \"a\": the UID in the precondition (" + uid_text(9) +
                               ") does not match the UID in record (" + uid_text(1) +
                               "). The object might have been deleted and then recreated");
  request.uid_precondition = uid_text(1);
  EXPECT_EQ(world->ask(request).code, 200);
}

TEST_F(ApiServerTest, DeleteCollectionGoesOneByOne) {  // K32
  for (const std::string name : {"a", "b", "c"}) create(name);
  create("z", {{"role", "driver"}});
  ApiRequest request = request_of(Verb::remove_collection);
  request.label_selector = *parse_label_selector("role=executor");
  const TimeUs sent_us = world->now();
  EXPECT_EQ(world->ask(request).code, 200);
  EXPECT_EQ(world->now(), sent_us + kReadUs + 3 * kWriteUs + kReplyUs);
  std::vector<TimeUs> gone;
  for (const auto& e : world->facts) {
    if (std::holds_alternative<fact::PodGone>(e.fact)) gone.push_back(e.at - sent_us);
  }
  EXPECT_THAT(gone, ElementsAre(15'000, 25'000, 35'000));
  EXPECT_NE(world->state().find_pod("ns/z"), nullptr);
}

TEST_F(ApiServerTest, DeleteCollectionCanSucceedInPart) {  // K32
  for (const std::string name : {"a", "b", "c", "d"}) create(name);
  ApiRequest request = request_of(Verb::remove_collection);
  request.timeout_us = 30'000;
  const TimeUs sent_us = world->now();
  const ApiReply reply = world->ask(request);
  EXPECT_EQ(reply.transport, Transport::maybe_committed);
  EXPECT_EQ(world->now(), sent_us + 30'000);
  EXPECT_EQ(world->facts_of<fact::PodGone>().size(), 2U);
  EXPECT_NE(world->state().find_pod("ns/c"), nullptr);
}

TEST_F(ApiServerTest, SerialRequestsOfOneClientAreProcessedInOrder) {
  for (int i = 0; i < 20; ++i) create("p" + std::to_string(i));
  const auto created = world->facts_of<fact::PodCreated>();
  for (std::size_t i = 0; i < created.size(); ++i) EXPECT_EQ(created[i].pod->name, "p" + std::to_string(i));
}

// Common random numbers: what an application asks before moves no pod's luck.
TEST_F(ApiServerTest, LatencyOfACreateDependsOnItsPodOnly) {
  ClusterConfig config;
  TestWorld one(config, 3);
  TestWorld two(config, 3);
  two.ask(request_of(Verb::get, "x"));
  two.ask(request_of(Verb::get, "y"), 1);
  const std::uint64_t a = one.call(create_of(make_pod("a", tmpl)));
  const TimeUs start = two.now();
  const std::uint64_t b = two.call(create_of(make_pod("a", tmpl)));
  one.run_until(kMinuteUs);
  two.run_until(kMinuteUs);
  EXPECT_EQ(one.answers.at(a).at, two.answers.at(b).at - start);
}

TEST_F(ApiServerTest, AGeneratedNameIsTheBaseAndFiveCharacters) {  // K5
  std::set<std::string> names;
  for (int i = 0; i < 30; ++i) {
    Pod pod = *make_pod("", tmpl);
    pod.generate_name = std::string(60, 'a') + "-";
    const ApiReply reply = world->ask(create_of(std::make_shared<const Pod>(pod)));
    ASSERT_EQ(reply.code, 201) << reply.message;
    EXPECT_EQ(reply.object->name.size(), 63U);
    EXPECT_TRUE(reply.object->name.starts_with(std::string(58, 'a')));
    EXPECT_EQ(reply.object->name.substr(58).find_first_not_of("bcdfghjklmnpqrstvwxz2456789"), std::string::npos);
    names.insert(reply.object->name);
  }
  EXPECT_EQ(names.size(), 30U);
}

TEST_F(ApiServerTest, ThrottlingIs429WithRetryAfterAndCostsNothing) {  // K1, K9
  FaultSpec spec = fault_at("api.throttle", 0, kSecondUs);
  spec.retry_after_s = 7;
  use_fault(spec);
  const ApiReply reply = create("a");
  EXPECT_EQ(world->now(), kReplyUs);
  EXPECT_EQ(reply.code, 429);
  EXPECT_EQ(reply.reason, "TooManyRequests");
  EXPECT_EQ(reply.retry_after_s, 7);
  EXPECT_EQ(refusals().at(0).code, 429);
  EXPECT_EQ(refusals().at(0).client, "etl");
  EXPECT_THAT(world->fired, ElementsAre(Pair("api.throttle", "etl/1")));
  world->run_until(kSecondUs);
  EXPECT_EQ(create("a").code, 201);
}

TEST_F(ApiServerTest, AnOutageRefusesTheConnectionAndCutsWatches) {
  use_fault(fault_at("api.outage", kSecondUs, 2 * kSecondUs));
  world->call(request_of(Verb::watch));
  world->run_until(kSecondUs);
  ASSERT_EQ(world->closed.size(), 1U);
  EXPECT_EQ(world->closed[0].code, 0);
  EXPECT_EQ(world->closed[0].at, kSecondUs);
  const ApiReply reply = world->ask(request_of(Verb::list));
  EXPECT_EQ(reply.transport, Transport::refused);
  EXPECT_EQ(reply.code, 0);
  EXPECT_EQ(refusals().at(0).reason, "refused");
  world->run_until(2 * kSecondUs);
  EXPECT_EQ(world->ask(request_of(Verb::list)).code, 200);
}

TEST_F(ApiServerTest, ServerErrorsAre500And503) {  // K9
  use_fault(fault_at("api.error", 0, kNever));
  ApiReply reply = create("a");
  EXPECT_EQ(reply.code, 500);
  EXPECT_EQ(reply.reason, "InternalError");
  use_fault(fault_at("api.unavailable", 0, kNever));
  reply = create("a");
  EXPECT_EQ(reply.code, 503);
  EXPECT_EQ(reply.reason, "ServiceUnavailable");
  EXPECT_EQ(world->state().find_pod("ns/a"), nullptr);
}

TEST_F(ApiServerTest, ACreateCanBeCommittedThoughTheClientSeesATimeout) {  // K10
  use_fault(fault_at("api.create.commit_then_timeout", 0, 1));
  const ApiReply reply = create("a");
  EXPECT_EQ(reply.transport, Transport::maybe_committed);
  EXPECT_EQ(world->now(), 10 * kSecondUs);
  EXPECT_NE(world->state().find_pod("ns/a"), nullptr);
  EXPECT_EQ(create("a").reason, "AlreadyExists");
}

TEST_F(ApiServerTest, ASlowServerDelaysAndThenLosesRequests) {
  FaultSpec spec = fault_at("api.slow", 0, kNever);
  spec.delay_us = 2 * kSecondUs;
  use_fault(spec);
  EXPECT_EQ(create("a").code, 201);
  EXPECT_EQ(world->now(), 2 * kSecondUs + kWriteUs + kReplyUs);
  ApiRequest hasty = create_of(make_pod("b", tmpl));
  hasty.timeout_us = kSecondUs;
  const TimeUs sent_us = world->now();
  EXPECT_EQ(world->ask(hasty).transport, Transport::timed_out);
  EXPECT_EQ(world->now(), sent_us + kSecondUs);
  world->run_until(world->now() + kMinuteUs);
  EXPECT_EQ(world->state().find_pod("ns/b"), nullptr);
}

TEST_F(ApiServerTest, TheServerItselfGivesUpAfterAMinute) {  // K9
  FaultSpec spec = fault_at("api.slow", 0, kNever);
  spec.delay_us = kHourUs;
  use_fault(spec);
  ApiRequest patient = create_of(make_pod("a", tmpl));
  patient.timeout_us = 10 * kMinuteUs;
  const ApiReply reply = world->ask(patient);
  EXPECT_EQ(reply.code, 504);
  EXPECT_EQ(reply.reason, "Timeout");
  EXPECT_EQ(world->now(), kMinuteUs + kReplyUs);
}

TEST_F(ApiServerTest, NodesAreReadAndWithoutTheirPartsNotWritten) {
  ApiRequest request = request_of(Verb::list);
  request.kind = Kind::node;
  EXPECT_EQ(world->ask(request).code, 200);
  request.verb = Verb::update;
  request.name = "n0";
  EXPECT_EQ(world->ask(request).code, 405);
}

}  // namespace
}  // namespace podramp::fakeapi::api_server_test

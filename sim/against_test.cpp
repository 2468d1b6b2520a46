#include "sim/against.h"

#include <gmock/gmock.h>

#include <fstream>

namespace podramp::sim::against_test {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr DurationUs kDelay = kSecondUs;

DriverCall create(std::int64_t executor, TimeUs at, int code = 201) {
  return {at, at + 50'000, DriverVerb::create, executor, code};
}
DriverCall remove(std::int64_t executor, TimeUs at, int code = 200) {
  return {at, at + 50'000, DriverVerb::remove, executor, code};
}

const std::vector<DriverCall> kTwoRounds{create(1, 0), create(2, 100'000), create(3, 1'200'000)};

TEST(Against, the_same_decisions_at_other_times_are_the_same) {
  std::vector<DriverCall> later = kTwoRounds;
  for (DriverCall& call : later) call.at += 7 * kSecondUs, call.answered += 7 * kSecondUs;
  later[2].at += 300'000;
  const Verdict verdict = lay_against(kTwoRounds, later, kDelay);
  EXPECT_TRUE(verdict.same());
  EXPECT_EQ(verdict.our_gap_us, 1'050'000);
  EXPECT_EQ(verdict.their_gap_us, 1'350'000);
}

TEST(Against, the_first_create_that_differs_is_named) {
  std::vector<DriverCall> theirs = kTwoRounds;
  theirs[1].executor = 4;
  const Verdict verdict = lay_against(kTwoRounds, theirs, kDelay);
  EXPECT_FALSE(verdict.same());
  EXPECT_EQ(verdict.parts[0].parts_at, 1U);
  EXPECT_EQ(verdict.parts[0].our_word, "create 2: 201");
  EXPECT_EQ(verdict.parts[0].their_word, "create 4: 201");
}

TEST(Against, an_answer_that_differs_is_a_difference) {
  std::vector<DriverCall> theirs = kTwoRounds;
  theirs[2].code = 403;
  EXPECT_EQ(lay_against(kTwoRounds, theirs, kDelay).parts[0].their_word, "create 3: 403");
}

TEST(Against, deletes_in_another_order_are_told_from_other_deletes) {
  std::vector<DriverCall> ours = kTwoRounds;
  std::vector<DriverCall> theirs = kTwoRounds;
  ours.insert(ours.end(), {remove(1, 5 * kSecondUs), remove(2, 5 * kSecondUs)});
  theirs.insert(theirs.end(), {remove(2, 5 * kSecondUs), remove(1, 5 * kSecondUs)});
  const Verdict verdict = lay_against(ours, theirs, kDelay);
  EXPECT_TRUE(verdict.parts[2].only_order);
  EXPECT_TRUE(verdict.same()) << "which process ends first is chance";
  theirs.pop_back();
  EXPECT_FALSE(lay_against(ours, theirs, kDelay).same());
}

TEST(Against, a_pod_that_is_deleted_again_and_again_counts_once) {
  std::vector<DriverCall> ours = kTwoRounds;
  std::vector<DriverCall> theirs = kTwoRounds;
  ours.push_back(remove(1, 5 * kSecondUs));
  theirs.insert(theirs.end(), {remove(1, 5 * kSecondUs), remove(1, 6 * kSecondUs, 404), remove(1, 6 * kSecondUs, 404)});
  const Verdict verdict = lay_against(ours, theirs, kDelay);
  EXPECT_TRUE(verdict.same());
  EXPECT_EQ(verdict.our_repeats, 0U);
  EXPECT_EQ(verdict.their_repeats, 2U);
}

TEST(Against, refusals_that_go_on_for_longer_are_no_difference) {
  const std::vector<DriverCall> ours{create(1, 0), create(2, kSecondUs, 403), create(3, 2 * kSecondUs, 403)};
  std::vector<DriverCall> theirs = ours;
  theirs.push_back(create(4, 3 * kSecondUs, 403));
  EXPECT_TRUE(lay_against(ours, theirs, kDelay).same());
  theirs.push_back(create(5, 4 * kSecondUs, 201));
  EXPECT_FALSE(lay_against(ours, theirs, kDelay).same());
}

TEST(Against, a_round_begins_after_a_batch_delay_but_not_while_a_client_warms_up) {
  EXPECT_THAT(rounds_of(kTwoRounds, kDelay), ElementsAre(2, 1));
  std::vector<DriverCall> cold{create(1, 0), create(2, 2 * kSecondUs), create(3, 2'100'000), create(4, 4 * kSecondUs)};
  EXPECT_THAT(rounds_of(cold, kDelay), ElementsAre(3, 1));
}

TEST(DriverCalls, the_number_of_an_executor_stands_in_its_pods_name) {
  EXPECT_EQ(executor_of_pod("etl-1-exec-17"), 17);
  EXPECT_EQ(executor_of_pod("a-exec-b-exec-3"), 3);
  EXPECT_EQ(executor_of_pod("etl-driver"), 0);
  EXPECT_EQ(executor_of_pod("etl-exec-"), 0);
  EXPECT_EQ(executor_of_pod("etl-exec-1x"), 0);
}

class Audit : public testing::Test {
 protected:
  static std::string line(const std::string& verb, const std::string& name, int code, const std::string& time,
                          const std::string& stage = "ResponseComplete") {
    return R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":")" + stage + R"(","verb":")" + verb +
           R"(","requestURI":"/api/v1/namespaces/spark/pods","objectRef":{"resource":"pods","name":")" + name +
           R"("},"responseStatus":{"code":)" + std::to_string(code) + R"(},"requestReceivedTimestamp":")" + time +
           R"(","stageTimestamp":")" + time + "\"}\n";
  }
  std::string written(const std::string& text) const {
    const std::string path = testing::TempDir() + "/against_audit.log";
    std::ofstream(path) << text;
    return path;
  }
};

TEST_F(Audit, creates_and_deletes_of_executors_are_read_in_the_order_of_their_arrival) {
  const auto calls =
      read_audit(written(line("create", "p-exec-2", 201, "2026-01-02T03:04:06.000000Z") +
                         line("create", "p-exec-1", 201, "2026-01-02T03:04:05.500000Z") +
                         line("get", "p-exec-1", 200, "2026-01-02T03:04:06.000000Z") +
                         line("create", "web", 201, "2026-01-02T03:04:06.000000Z") +
                         line("delete", "p-exec-1", 404, "2026-01-02T03:04:07.000000Z", "RequestReceived") +
                         line("delete", "p-exec-1", 404, "2026-01-02T03:04:07.000000Z")),
                 "");
  ASSERT_TRUE(calls) << calls.error().message;
  std::vector<std::string> words;
  for (const DriverCall& call : *calls) words.push_back(to_words(call));
  EXPECT_THAT(words, ElementsAre("create 1: 201", "create 2: 201", "delete 1: 404"));
  EXPECT_EQ((*calls)[0].at, -500'000) << "counted from the second in which the first request came";
  EXPECT_EQ((*calls)[2].at, 1'000'000);
}

TEST_F(Audit, of_several_drivers_one_has_to_be_named) {
  const std::string path = written(line("create", "a-exec-1", 201, "2026-01-02T03:04:05.000000Z") +
                                   line("create", "b-exec-1", 201, "2026-01-02T03:04:05.000000Z"));
  EXPECT_THAT(read_audit(path, "").error().message, HasSubstr("several drivers (a, b)"));
  EXPECT_EQ(read_audit(path, "b")->size(), 1U);
}

TEST_F(Audit, what_is_no_audit_log_is_refused_with_its_line) {
  EXPECT_THAT(read_audit(written("hello\n"), "").error().message, HasSubstr(":1: is no JSON"));
  EXPECT_THAT(read_audit(written(line("get", "a", 200, "2026-01-02T03:04:05.000000Z") + "{}\n"), "").error().message,
              HasSubstr(":2: is no event of audit.k8s.io"));
  EXPECT_THAT(read_audit(written(line("get", "a", 200, "yesterday")), "").error().message, HasSubstr("is no time"));
}

}  // namespace podramp::sim::against_test

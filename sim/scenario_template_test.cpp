// Pod templates in scenarios: from a file, from an option, inline; mistakes; the resolved scenario holds them (S-I).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/experiment.h"
#include "sim/test_scenario_text.h"

namespace podramp::sim::scenario_template_test {
namespace {

using testing::HasSubstr;

constexpr const char* kTemplate = "kind: Pod\nspec:\n  priorityClassName: high\n  containers: [{name: spark}]\n";

// The small scenario with more members of its application.
std::string with(const std::string& members) {
  return small_with("\"name\": \"etl\",", "\"name\": \"etl\", " + members);
}

Loaded load(const std::string& text, const ReadFile& read = {}, const Overrides& overrides = {}) {
  auto loaded = load_scenario({"dir/s.json", text}, read, overrides);
  if (!loaded) ADD_FAILURE() << all_errors(loaded.error());
  return loaded ? std::move(*loaded) : Loaded{};
}

std::string errors_of(const std::string& text, const ReadFile& read = {}, const Overrides& overrides = {}) {
  const auto loaded = load_scenario({"dir/s.json", text}, read, overrides);
  return loaded ? "" : all_errors(loaded.error());
}

ReadFile file_reader(const std::string& text, std::vector<std::string>* asked = nullptr) {
  return [text, asked](const std::string& path) -> Result<std::string> {
    if (asked != nullptr) asked->push_back(path);
    return text;
  };
}

TEST(SparkAcceptance, S_I1_WithoutATemplateNoFileIsAskedFor) {
  std::vector<std::string> asked;
  const Loaded loaded = load(kSmallScenario, file_reader("", &asked));
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(loaded.scenario.applications.at(0).executor_template, "");
  EXPECT_EQ(make_application(loaded.scenario.applications.at(0), loaded.scenario)->executor_template, nullptr);
}

TEST(ScenarioTemplate, AFileBesideTheScenarioIsReadIntoIt) {
  std::vector<std::string> asked;
  const Loaded loaded = load(with(R"("executor_template": "t.yaml",)"), file_reader(kTemplate, &asked));
  EXPECT_EQ(asked, std::vector<std::string>{"dir/t.yaml"});
  const ApplicationSpec& spec = loaded.scenario.applications.at(0);
  EXPECT_EQ(spec.executor_template,
            R"({"kind":"Pod","spec":{"containers":[{"name":"spark"}],"priorityClassName":"high"}})");
  EXPECT_EQ(make_application(spec, loaded.scenario)->executor_template->tmpl->priority_class, "high");
  const Loaded again = load(to_json(loaded.scenario));
  EXPECT_EQ(again.scenario.applications.at(0).executor_template, spec.executor_template);
}

TEST(ScenarioTemplate, ATemplateCanBeWrittenInline) {
  const Loaded loaded = load(with(R"("executor_template": {"spec": {"priorityClassName": "high"}},)"));
  EXPECT_EQ(loaded.scenario.applications.at(0).executor_template, R"({"spec":{"priorityClassName":"high"}})");
}

TEST(ScenarioTemplate, TheOptionWinsForEveryApplication) {
  Overrides overrides;
  overrides.executor_template = NamedText{"mine.yaml", "spec: {priorityClassName: low}\n"};
  const Loaded loaded = load(with(R"("executor_template": {"spec": {"priorityClassName": "high"}},)"), {}, overrides);
  EXPECT_EQ(loaded.scenario.applications.at(0).executor_template, R"({"spec":{"priorityClassName":"low"}})");
}

TEST(SparkAcceptance, S_I4_AMisconfiguredTemplateIsAnErrorOfTheScenario) {
  EXPECT_EQ(
      errors_of(with(R"("executor_template": "t.yaml",)"), file_reader("kind: Pod\nspec: wrong\n")),
      "dir/t.yaml:2: spec: could not load pod from template file: must be an object (got the string \"wrong\")\n");
  EXPECT_THAT(errors_of(with(R"("executor_template": "t.yaml",)"),
                        [](const std::string&) -> Result<std::string> { return tl::unexpected(Error{"gone"}); }),
              HasSubstr("applications[0].executor_template: could not load pod from template file: gone"));
  EXPECT_EQ(errors_of(with(R"("executor_template": {"spec": {"containers": 3}},)")),
            "dir/s.json:11: applications[0].executor_template.spec.containers: must be a list (got the number 3)\n");
  EXPECT_EQ(errors_of(with(R"("executor_template": 5,)")),
            "dir/s.json:11: applications[0].executor_template: must be a file's name or a Pod (got the number 5)\n");
}

std::vector<std::string> warnings_of(const Loaded& loaded) {
  std::vector<std::string> texts;
  for (const Warning& w : loaded.warnings) texts.push_back(w.subject + ": " + w.text);
  return texts;
}

TEST(ScenarioTemplate, WhatARunDoesNotDoWithItIsAWarning) {
  const std::string named = small_with("\"spark.executor.instances\": \"10\",",
                                       "\"spark.executor.instances\": \"10\", "
                                       "\"spark.kubernetes.executor.podTemplateFile\": \"/t.yaml\","
                                       "\"spark.kubernetes.executor.podTemplateContainerName\": \"main\",");
  EXPECT_THAT(warnings_of(load(named)),
              testing::ElementsAre(HasSubstr("podTemplateFile: \"/t.yaml\" is not read here")));
  Overrides overrides;
  overrides.executor_template = NamedText{"t", "spec: {affinity: {}, containers: [{name: other}]}\n"};
  EXPECT_THAT(warnings_of(load(named, {}, overrides)),
              testing::ElementsAre(HasSubstr("podTemplateContainerName: the pod template has no single container")));
}

}  // namespace
}  // namespace podramp::sim::scenario_template_test

// The page of a study, from a folder as podramp tune writes it.
#include "sim/report/study_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "sim/report/study_overview.h"
#include "sim/report/test_reports.h"

namespace podramp::sim::study_page_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Two settings, one objective, one constraint; the third variant breaks it, the fourth never got there.
std::string study_folder() {
  const std::string folder = scratch_file("study");
  std::filesystem::create_directories(folder);
  write_bytes(folder + "/study.json",
              R"({"study":{"name":"sizes <b>","about":"Which?","dimensions":[
    {"name":"batch.size","path":"p","values":["5","50"]},{"name":"delay, s","path":"q","values":["1s","5s"]}],
    "objectives":[{"kpi":"time_to_95_ms","statistic":"median","goal":"minimize"}],
    "constraints":[{"kpi":"pending_max","statistic":"max","at_most":40}]},
    "runs":24,"failed":0,"seeds":[1,2,3,4,5,6],"recommended":{"variant":"v001"},
    "sensitivity":[{"objective":"median of time_to_95_ms","dimension":"batch.size","share_permille":532},
                   {"objective":"median of time_to_95_ms","dimension":"delay, s","share_permille":232}]})");
  write_bytes(
      folder + "/variants.csv",
      "variant,batch.size,\"delay, s\",runs,failed,feasible,on_front,rank,time_to_95_ms.median,pending_max.max\n"
      "v001,5,1s,6,0,1,1,1,43867.5,11\nv002,5,5s,6,0,1,0,2,192158,5\nv003,50,1s,6,0,0,0,,9000,80\n"
      "v004,50,5s,6,0,0,0,,inf,50\n");
  write_bytes(folder + "/recommended.conf",
              "# podramp 0.1.0 tune\n# v001: 43867.5\n# Better on 6 of 6 seeds.\nspark.x 5\n");
  return folder;
}

TEST(StudyPage, SaysWhatToTakeHowSureThatIsAndWhatWasTried) {
  const auto study = read_study_record(study_folder());
  ASSERT_TRUE(study) << study.error().message;
  EXPECT_TRUE(is_study(study->path));
  const std::string page = study_page(*study);
  EXPECT_THAT(page, HasSubstr("<p class=\"big\">batch.size=5, delay, s=1s</p>"));
  EXPECT_THAT(page, HasSubstr("<li>median of time_to_95 (s): 43.9</li><li>max of pending_max: 11 (at most 40)</li>"));
  EXPECT_THAT(page, HasSubstr("<p>Better on 6 of 6 seeds.</p>"));
  EXPECT_THAT(page, HasSubstr("2 of 4 variants are feasible"));
  EXPECT_THAT(page, HasSubstr("24 runs, 0 failed, 6 seeds."));
  EXPECT_EQ(count_in(page, "<circle class=\"dot"), 3U);
  EXPECT_EQ(count_in(page, "<circle class=\"dot out\""), 1U);
  EXPECT_EQ(count_in(page, "<circle class=\"dot front\""), 1U);
  EXPECT_THAT(page, HasSubstr("1 variants are not in the picture"));
  EXPECT_THAT(page, HasSubstr("53.2 %"));
  EXPECT_THAT(page, HasSubstr("<span class=\"heat\" style=\"--h:70%\">192.2</span>"));
  EXPECT_THAT(page, HasSubstr("<span class=\"heat\" style=\"--h:0%\">9 &#215;</span>"));
  EXPECT_THAT(page, HasSubstr("sizes &lt;b&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("sizes <b>")));
}

TEST(StudyPage, AFolderWithoutRecommendedConfIsSaidToLackIt) {
  const std::string folder = study_folder();
  std::filesystem::remove(folder + "/recommended.conf");
  const auto study = read_study_record(folder);
  ASSERT_TRUE(study) << study.error().message;
  EXPECT_THAT(study_page(*study), HasSubstr("The folder lacks recommended.conf"));
}

TEST(StudyPage, EveryVariantIsALineAcrossSettingsAndMeasures) {
  const auto study = read_study_record(study_folder());
  ASSERT_TRUE(study);
  const std::string svg = study_parallel(*study);
  EXPECT_EQ(count_in(svg, "<path class=\"axis\""), 4U);  // two settings, two measures
  EXPECT_EQ(count_in(svg, "<path class=\"pl"), 4U);
  EXPECT_EQ(count_in(svg, "<path class=\"pl out\""), 2U);
  EXPECT_EQ(count_in(svg, "<path class=\"pl best\""), 1U);
  EXPECT_LT(svg.find("<path class=\"pl out\""), svg.find("<path class=\"pl best\""));  // which lies above all
  EXPECT_THAT(svg, HasSubstr("role=\"img\" aria-labelledby=\"parallel-t parallel-d\""));
  EXPECT_THAT(svg, HasSubstr("<desc id=\"parallel-d\">4 lines, one for each variant, over 2 settings and 2 measures."));
  EXPECT_THAT(svg,
              HasSubstr("v004: batch.size=50, delay, s=5s, median of time_to_95 (s) never, max of pending_max 50"));
  EXPECT_THAT(svg, HasSubstr(">never</text>"));
  EXPECT_EQ(count_in(svg, "tabindex=\"0\" role=\"group\""), 1U);  // it scrolls by keyboard
}

TEST(StudyPage, EachValueOfASettingHasItsMeans) {
  const auto study = read_study_record(study_folder());
  ASSERT_TRUE(study);
  const std::string table = study_value_means(*study);
  EXPECT_THAT(table, HasSubstr("<th scope=\"row\">batch.size = 5</th>"));
  EXPECT_THAT(table, HasSubstr("<span class=\"heat\" style=\"--h:0%\">9</span>"));       // 50: the one that got there
  EXPECT_THAT(table, HasSubstr("<span class=\"heat\" style=\"--h:70%\">192.2</span>"));  // 5s: likewise
  EXPECT_THAT(table, HasSubstr("<span class=\"heat\" style=\"--h:70%\">65</span>"));     // (80 + 50) / 2
}

TEST(StudyPage, ManyVariantsAreDrawnAsAnEvenSelection) {
  auto study = read_study_record(study_folder());
  ASSERT_TRUE(study);
  const StudyVariant one = study->variants[1];
  study->variants.resize(2'000, one);
  const std::string svg = study_parallel(*study);
  EXPECT_LE(count_in(svg, "<path class=\"pl"), 301U);
  EXPECT_THAT(svg, HasSubstr(" of 2000 variants are drawn"));
}

TEST(StudyPage, CsvCellsMayBeQuoted) {
  EXPECT_THAT(csv_rows("a,\"b,\"\"c\"\"\",\n1,\"x\ny\",3"),
              ElementsAre(ElementsAre("a", "b,\"c\"", ""), ElementsAre("1", "x\ny", "3")));
}

TEST(StudyPage, OtherFilesAreRefusedByName) {
  const std::string folder = study_folder();
  write_bytes(folder + "/study.json", "{}");
  EXPECT_THAT(read_study_record(folder).error().message, HasSubstr("study.json"));
  EXPECT_FALSE(is_study("/no/such"));
}

}  // namespace
}  // namespace podramp::sim::study_page_test

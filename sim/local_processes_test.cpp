#include "sim/local_processes.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

namespace podramp::sim::local_processes_test {

using testing::ElementsAre;

class Processes : public testing::Test {
 protected:
  Processes() {
    folder_ = (std::filesystem::path(testing::TempDir()) / ("pods-" + std::to_string(getpid()))).string();
    auto made = LocalProcesses::prepare({{{.image = "sh"}}, folder_, 5});
    EXPECT_TRUE(made);
    processes_ = std::move(*made);
  }
  ~Processes() override {
    processes_.reset();
    std::filesystem::remove_all(folder_);
  }

  // A pod "ns/NAME" that runs a line of shell.
  static Pod shell(const std::string& name, const std::string& line) {
    PodTemplate tmpl;
    Container container;
    container.name = "main";
    container.image = "sh";
    container.command = {"sh", "-c", line};
    tmpl.containers = {container};
    Pod pod;
    pod.ns = "ns";
    pod.name = name;
    pod.tmpl = share(std::move(tmpl));
    return pod;
  }
  // The codes of the processes that end next; 20 s at most.
  std::vector<int> codes(TimeUs now = 0) {
    std::vector<int> found;
    wait_until([&] {
      for (const auto& one : processes_->attend(now)) found.push_back(one.exit_code);
      return !found.empty();
    });
    return found;
  }
  bool wait_until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  bool printed(const std::string& pod, const std::string& line) {
    return wait_until([&] {
      processes_->attend(0);
      const auto* output = processes_->output(pod, false);
      return output != nullptr && std::ranges::any_of(output->lines, [&](const auto& one) { return one.text == line; });
    });
  }

  std::string folder_;
  std::unique_ptr<LocalProcesses> processes_;
};

TEST_F(Processes, the_exit_code_and_the_output_are_the_processs) {
  EXPECT_TRUE(processes_->start(1, shell("a", "echo one; echo two >&2; printf three; exit 7")));
  EXPECT_THAT(codes(5), ElementsAre(7));
  std::vector<std::string> lines;
  for (const auto& line : processes_->output("ns/a", false)->lines) lines.push_back(line.text);
  EXPECT_THAT(lines, ElementsAre("one", "two", "three"));
  EXPECT_EQ(processes_->running(), 0U);
}

TEST_F(Processes, a_process_that_is_told_to_stop_hears_sigterm) {
  processes_->start(1, shell("a", "trap 'echo bye; exit 3' TERM; echo ready; while true; do sleep 0.01; done"));
  ASSERT_TRUE(printed("ns/a", "ready"));
  EXPECT_TRUE(processes_->stop(1, kNever));
  EXPECT_THAT(codes(), ElementsAre(3));
}

TEST_F(Processes, one_that_does_not_listen_is_killed_when_its_grace_is_over) {
  processes_->start(1, shell("a", "trap '' TERM; echo ready; while true; do sleep 0.01; done"));
  ASSERT_TRUE(printed("ns/a", "ready"));
  processes_->stop(1, 30);
  EXPECT_TRUE(processes_->attend(29).empty());
  EXPECT_THAT(codes(30), ElementsAre(137));
}

TEST_F(Processes, what_it_has_started_dies_with_it) {
  processes_->start(1, shell("a", "sleep 1000 & echo $!"));
  EXPECT_THAT(codes(), ElementsAre(0));
  const pid_t child = std::stoi(processes_->output("ns/a", false)->lines.front().text);
  EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists("/proc/" + std::to_string(child) + "/exe"); }));
}

TEST_F(Processes, a_program_that_is_not_there_ends_with_128_and_says_why) {
  Pod pod = shell("a", "");
  PodTemplate tmpl = *pod.tmpl;
  tmpl.containers[0].command = {"/no/such/program"};
  pod.tmpl = share(std::move(tmpl));
  EXPECT_TRUE(processes_->start(1, pod));
  EXPECT_THAT(codes(), ElementsAre(128));
  EXPECT_EQ(processes_->output("ns/a", false)->lines.front().text,
            "podramp: /no/such/program: No such file or directory");
}

TEST_F(Processes, a_second_run_keeps_the_output_of_the_one_before) {
  processes_->start(1, shell("a", "echo first"));
  codes();
  EXPECT_EQ(processes_->output("ns/a", true), nullptr);
  processes_->start(1, shell("a", "echo second"));
  codes();
  EXPECT_EQ(processes_->output("ns/a", false)->lines.front().text, "second");
  EXPECT_EQ(processes_->output("ns/a", true)->lines.front().text, "first");
}

TEST_F(Processes, of_much_output_the_end_is_kept) {
  processes_->start(1, shell("a", "for i in 1 2 3 4 5 6 7; do echo $i; done"));
  codes();
  EXPECT_EQ(processes_->output("ns/a", false)->dropped, 2U);
  EXPECT_EQ(processes_->output("ns/a", false)->lines.front().text, "3");
}

TEST_F(Processes, images_that_no_entry_names_are_not_theirs) {
  Pod pod = shell("a", "");
  PodTemplate tmpl = *pod.tmpl;
  tmpl.containers[0].image = "pause";
  pod.tmpl = share(std::move(tmpl));
  EXPECT_FALSE(processes_->start(1, pod));
  EXPECT_FALSE(processes_->stop(1, 0));
}

}  // namespace podramp::sim::local_processes_test

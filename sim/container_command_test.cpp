#include "sim/container_command.h"

#include <gmock/gmock.h>

namespace podramp::sim::container_command_test {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::Pair;

const StringMap kConfigMap{{"spark.properties", "a=b\n"}};

ContainerSurroundings surroundings() {
  ContainerSurroundings around;
  around.folder = "/pods/ns/p";
  around.pod_ip = "127.1.0.7";
  around.host_ip = "127.0.0.1";
  around.config_map = [](const std::string& name) { return name == "ns/settings" ? &kConfigMap : nullptr; };
  around.server_env = [](const std::string& name) {
    return name == "PATH" ? std::optional<std::string>("/bin") : std::nullopt;
  };
  return around;
}

Container container(const std::string& image, std::vector<std::string> args = {}) {
  Container made;
  made.name = "main";
  made.image = image;
  made.args = std::move(args);
  return made;
}

Pod pod_of(Container made, std::vector<Volume> volumes = {}) {
  PodTemplate tmpl;
  tmpl.labels = {{"role", "executor"}};
  tmpl.containers = {std::move(made)};
  tmpl.volumes = std::move(volumes);
  Pod pod;
  pod.ns = "ns";
  pod.name = "p";
  pod.uid = "7";
  pod.node = "n0";
  pod.tmpl = share(std::move(tmpl));
  return pod;
}

TEST(ContainerCommand, an_image_that_no_entry_names_is_not_run) {
  const std::vector<ProcessSpec> specs{{.image = "spark:*", .args = {"executor"}, .entrypoint = {"run"}}};
  EXPECT_FALSE(container_command(pod_of(container("pause:3.10")), specs, surroundings()));
  EXPECT_FALSE(container_command(pod_of(container("spark:4.0", {"driver"})), specs, surroundings()));
  EXPECT_TRUE(container_command(pod_of(container("spark:4.0", {"executor"})), specs, surroundings()));
}

TEST(ContainerCommand, args_follow_the_entry_point_and_a_command_replaces_it) {
  const std::vector<ProcessSpec> specs{{.image = "*", .entrypoint = {"run", "it"}}};
  EXPECT_THAT(container_command(pod_of(container("a", {"x"})), specs, surroundings())->words,
              ElementsAre("run", "it", "x"));
  Container own = container("a", {"$(GREETING) $$(GREETING) $(NOBODY)"});
  own.command = {"echo"};
  own.env = {{"GREETING", "hello", "", "", ""}};
  EXPECT_THAT(container_command(pod_of(own), specs, surroundings())->words,
              ElementsAre("echo", "hello $(GREETING) $(NOBODY)"));
}

TEST(ContainerCommand, the_environment_is_the_containers_and_what_an_entry_adds) {
  const std::vector<ProcessSpec> specs{{.image = "*", .entrypoint = {"run"}, .env = {{"A", "entry"}, {"B", "entry"}}}};
  Container made = container("a");
  made.env = {{"A", "own", "", "", ""},
              {"IP", "", "status.podIP", "", ""},
              {"NODE", "", "spec.nodeName", "", ""},
              {"ROLE", "", "metadata.labels['role']", "", ""},
              {"PASSWORD", "", "", "secret", "key"}};
  const auto command = container_command(pod_of(made), specs, surroundings());
  EXPECT_THAT(command->env,
              ElementsAre(Pair("A", "own"), Pair("B", "entry"), Pair("HOME", "/pods/ns/p"), Pair("HOSTNAME", "p"),
                          Pair("IP", "127.1.0.7"), Pair("NODE", "n0"), Pair("PATH", "/bin"), Pair("ROLE", "executor")));
}

TEST(ContainerCommand, volumes_are_folders_of_the_pod_and_paths_lead_there) {
  const std::vector<ProcessSpec> specs{{.image = "*", .entrypoint = {"run"}}};
  Container made = container("a", {"--conf=/opt/conf/spark.properties", "/opt/confusion"});
  made.mounts = {{"conf", "/opt/conf", "", true}, {"scratch", "/var/data", "", false}};
  made.env = {{"DIRS", "/var/data/a,/var/data/b", "", "", ""}};
  const std::vector<Volume> volumes{{"conf", "configMap", "settings", {}, ""}, {"scratch", "emptyDir", "", {}, ""}};
  const auto command = container_command(pod_of(made, volumes), specs, surroundings());
  EXPECT_THAT(command->words, ElementsAre("run", "--conf=/pods/ns/p/volumes/conf/spark.properties", "/opt/confusion"));
  EXPECT_THAT(command->env, Contains(Pair("DIRS", "/pods/ns/p/volumes/scratch/a,/pods/ns/p/volumes/scratch/b")));
  EXPECT_THAT(command->folders, ElementsAre("/pods/ns/p", "/pods/ns/p/volumes/conf", "/pods/ns/p/volumes/scratch"));
  EXPECT_THAT(command->files, ElementsAre(Pair("/pods/ns/p/volumes/conf/spark.properties", "a=b\n")));
}

}  // namespace podramp::sim::container_command_test

// Ten thousand requests that are broken in all sorts of ways: each gets an answer, and none ends the process.
#include <gtest/gtest.h>

#include <array>

#include "backend/port/random.h"
#include "fakeapi/http/test_front.h"

namespace podramp::fakeapi::rest::front_fuzz_test {
namespace {

constexpr std::array<const char*, 8> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "X"};
constexpr std::array<const char*, 16> kTargets{
    "/api/v1/namespaces/ns/pods",
    "/api/v1/namespaces/ns/pods/a",
    "/api/v1/namespaces/ns/pods/a/status",
    "/api/v1/namespaces/ns/pods/a/eviction",
    "/api/v1/namespaces/ns/pods/a/binding",
    "/api/v1/namespaces/ns/configmaps/conf",
    "/api/v1/nodes/n0",
    "/api/v1/namespaces/ns",
    "/apis/apps/v1/namespaces/ns/deployments/d/scale",
    "/apis/apps/v1/namespaces/ns/statefulsets",
    "/api/v1/pods?labelSelector=a%20in%20(b,c)&fieldSelector=status.phase!=Running&limit=3",
    "/api/v1/pods?watch=true&resourceVersion=1&timeoutSeconds=1",
    "/apis/metrics.k8s.io/v1beta1/namespaces/ns/pods/a",
    "/api/v1/namespaces/ns/secrets/s?fieldManager=me&fieldValidation=Strict&force=true",
    "/openapi/v3/apis/apps/v1",
    "/api/v1/namespaces/ns/persistentvolumeclaims?continue=1%2Fns%2Fa"};
constexpr std::array<const char*, 8> kTypes{"application/json",
                                            "application/yaml",
                                            "application/merge-patch+json",
                                            "application/json-patch+json",
                                            "application/strategic-merge-patch+json",
                                            "application/apply-patch+yaml",
                                            "application/vnd.kubernetes.protobuf",
                                            "text/plain"};
const std::array<std::string, 9> kBodies{
    kPod,
    kConfigMap,
    "",
    R"([{"op":"add","path":"/metadata/labels/a","value":"b"},{"op":"test","path":"/kind","value":"Pod"}])",
    R"({"spec":{"replicas":3,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},)"
    R"("spec":{"containers":[{"name":"m","image":"i"}]}}},"metadata":{"name":"d"}})",
    R"({"metadata":{"name":"a"},"spec":{"containers":[{"$patch":"delete","name":"main"}],)"
    R"("$setElementOrder/containers":[{"name":"x"}]}})",
    std::string("k8s\0\n\x13\n\x02v1\x12\rDeleteOptions\x12\x04\x08\x05\x22\x00", 31),
    R"({"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}},)"
    R"("metadata":{"generateName":"c-"}})",
    "metadata: {name: y}\ndata: {a: &x b, c: *x}\n"};

// Some bytes are changed, cut or doubled.
std::string mutated(std::string text, Draw& draw) {
  const auto below = [&](std::size_t n) {
    return static_cast<std::size_t>(draw.uniform(0, static_cast<std::int64_t>(n) - 1));
  };
  for (std::size_t i = below(4); i > 0 && !text.empty(); --i) {
    const std::size_t at = below(text.size());
    switch (below(4)) {
      case 0: text[at] = static_cast<char>(below(256)); break;
      case 1: text.erase(at, below(8) + 1); break;
      case 2: text.insert(at, text.substr(below(text.size()), below(16))); break;
      default: text.insert(at, R"({"":[null,-1e999,"\ud800"]})"); break;
    }
  }
  return text;
}

TEST(FrontFuzz, TenThousandBrokenRequestsAreAllAnswered) {
  FrontWorld world;
  world.post("/api/v1/namespaces/ns/pods", kPod);
  world.post("/api/v1/namespaces/ns/configmaps", kConfigMap);
  int watches = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    Draw draw(7, "fuzz", "", i);
    const auto pick = [&](std::size_t n) {
      return static_cast<std::size_t>(draw.uniform(0, static_cast<std::int64_t>(n) - 1));
    };
    http::Request request =
        http_request(kMethods[pick(kMethods.size())], mutated(kTargets[pick(kTargets.size())], draw),
                     mutated(kBodies[pick(kBodies.size())], draw), kTypes[pick(kTypes.size())]);
    if (pick(3) == 0) request.headers.emplace_back("Accept", mutated(kTable, draw));
    const Verdict verdict = world.front.receive(request, {"fuzz", {}, {}, {}}, world.scene());
    const Passed* passed = std::get_if<Passed>(&verdict);
    if (passed != nullptr && passed->request.verb == Verb::watch) {
      ++watches;
      continue;
    }
    const http::Response response = world.ask(request);
    ASSERT_GE(response.status, 200) << request.method << " " << request.target;
    ASSERT_NE(response.status, 500) << request.method << " " << request.target << "\n"
                                    << request.body << "\n"
                                    << response.body;
  }
  EXPECT_GT(watches, 10);
  EXPECT_EQ(world.get("/api/v1/pods", kTable).status, 200);
  EXPECT_EQ(world.get("/api/v1/nodes").status, 200);
}

}  // namespace
}  // namespace podramp::fakeapi::rest::front_fuzz_test

#include "backend/port/event_json.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace podramp::event_json_test {
namespace {

PodPtr sample_pod(int n) {
  auto pod = std::make_shared<Pod>();
  pod->name = "etl-exec-" + std::to_string(n);
  pod->ns = "team";
  pod->uid = "uid-" + std::to_string(n);
  pod->resource_version = 100 + static_cast<std::uint64_t>(n);
  PodTemplate tmpl;
  tmpl.labels["app"] = "a \"quoted\"\nlabel\x01";
  tmpl.containers.resize(1);
  tmpl.containers[0].name = "spark";
  tmpl.containers[0].requests.cpu_milli = 4000;
  pod->tmpl = share(std::move(tmpl));
  pod->own_labels["spark-exec-id"] = std::to_string(n);
  pod->phase = PodPhase::running;
  pod->deletion_us = 5;
  pod->containers.push_back({"spark", ContainerStateKind::terminated, "Error", "", 143});
  return pod;
}

// Gives every field of a struct a value of its own, so that a field that is not written or not read shows.
class Filler {
 public:
  template <class T>
  void operator()(std::string_view /*name*/, T& v) {
    fill(v);
  }

 private:
  void fill(std::string& v) { v = "text" + std::to_string(++n_); }
  void fill(bool& v) { v = true; }
  template <std::integral T>
  void fill(T& v) {
    v = static_cast<T>(++n_);
  }
  void fill(CallId& v) { v.value = static_cast<std::uint64_t>(++n_); }
  template <NamedEnum E>
  void fill(E& v) {
    v = static_cast<E>(EnumText<E>::names.size() - 1);
  }
  template <class T>
  void fill(std::optional<T>& v) {
    fill(v.emplace());
  }
  template <class T>
  void fill(std::vector<T>& v) {
    fill(v.emplace_back());
  }
  template <class K, class V, class C>
  void fill(std::map<K, V, C>& v) {
    K key{};
    fill(key);
    fill(v[key]);
  }
  void fill(LabelSelector& v) { v = parse_label_selector("a=b,c in (d,e)").value(); }
  void fill(FieldSelector& v) { v = parse_field_selector("status.phase=Running").value(); }
  void fill(PodPtr& v) { v = sample_pod(++n_); }
  void fill(TemplatePtr& v) { v = sample_pod(1)->tmpl; }
  void fill(ManifestPtr& v) {
    auto object = std::make_shared<Manifest>();
    fill(*object);
    v = std::move(object);
  }
  void fill(PodList& v) { v.items = {sample_pod(1), sample_pod(2)}; }
  template <class T>
  requires HasFields<T>
  void fill(T& v) { T::fields(*this, v); }

  int n_ = 0;
};

std::string write(const Event& event, PodMemory& memory) {
  std::string line;
  write_line(line, event.ref(), memory);
  return line;
}

template <class T>
void expect_round_trip() {
  T data;
  Filler filler;
  T::fields(filler, data);
  const Event event{7, 1234, "etl", 3, "call/9", data};
  PodMemory memory;
  const std::string line = write(event, memory);
  EventReader reader;
  const auto read = reader.read(line);
  ASSERT_TRUE(read) << T::kType << ": " << read.error().message << "\n" << line;
  EXPECT_EQ(read->data.index(), event.data.index());
  PodMemory again;
  EXPECT_EQ(write(*read, again), line);
}

TEST(EventLine, EveryTypeOfTheCatalogueReadsBackAsItWasWritten) {
  []<std::size_t... I>(std::index_sequence<I...> /*all*/) {
    (expect_round_trip<std::variant_alternative_t<I, EventData>>(), ...);
  }
  (std::make_index_sequence<std::variant_size_v<EventData>>());
}

TEST(EventLine, EveryTypeNameIsUniqueAndHasAKnownFamily) {
  std::set<std::string_view> names;
  const auto add = [&](std::string_view name) {
    EXPECT_TRUE(names.insert(name).second) << name;
    const std::string_view family = name.substr(0, name.find('.'));
    EXPECT_TRUE(std::set<std::string_view>({"in", "out", "fact", "fault", "check", "note", "run"}).contains(family))
        << name;
  };
  [&]<std::size_t... I>(std::index_sequence<I...> /*all*/) {
    (add(std::variant_alternative_t<I, EventData>::kType), ...);
  }
  (std::make_index_sequence<std::variant_size_v<EventData>>());
  EXPECT_EQ(names.size(), std::variant_size_v<EventData>);
}

TEST(EventLine, HasTheEnvelopeInItsFixedOrder) {
  PodMemory memory;
  EXPECT_EQ(write({5, 12, "etl", 4, "exec/1", in::Registered{1, "node-1"}}, memory),
            R"({"seq":5,"t":12,"type":"in.registered","by":"etl","cause":4,"key":"exec/1",)"
            R"("data":{"executor":1,"host":"node-1"}})");
}

TEST(EventLine, APodThatWasShownBeforeIsOnlyNamed) {
  PodMemory memory;
  const PodPtr pod = sample_pod(1);
  const Event first{1, 0, "etl", 0, "", in::Watched{CallId{1}, {{WatchEventType::added, pod}}}};
  const Event second{2, 1, "etl", 0, "", in::Watched{CallId{1}, {{WatchEventType::modified, pod}}}};
  const std::string full = write(first, memory);
  const std::string brief = write(second, memory);
  EXPECT_NE(brief.find(R"("object":{"known":"team/etl-exec-1","rv":101})"), std::string::npos) << brief;
  EXPECT_LT(brief.size(), full.size() / 2);
  EventReader reader;
  ASSERT_TRUE(reader.read(full));
  const auto read = reader.read(brief);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*std::get<in::Watched>(read->data).events[0].object, *pod);
}

TEST(EventLine, AListIsWrittenAsItsDifferenceAndRebuiltWhole) {
  const auto list_of = [](std::vector<PodPtr> pods) {
    ApiReply reply;
    reply.code = 200;
    reply.list = PodList{std::move(pods)};
    return in::Replied{CallId{1}, std::move(reply)};
  };
  PodMemory memory;
  EventReader reader;
  std::vector<PodPtr> pods;
  for (int i = 1; i <= 9; ++i) pods.push_back(sample_pod(i));
  ASSERT_TRUE(reader.read(write({1, 0, "etl", 0, "", list_of(pods)}, memory)));

  const std::string quiet = write({2, 1, "etl", 0, "", list_of(pods)}, memory);
  EXPECT_EQ(quiet.find("changed"), std::string::npos);
  EXPECT_EQ(quiet.find("gone"), std::string::npos);
  EXPECT_EQ(std::get<in::Replied>(reader.read(quiet)->data).reply.list->items.size(), 9U);

  pods.erase(pods.begin() + 3);
  const std::string smaller = write({3, 2, "etl", 0, "", list_of(pods)}, memory);
  EXPECT_NE(smaller.find(R"("gone":["team/etl-exec-4"])"), std::string::npos) << smaller;
  const auto read = reader.read(smaller);
  ASSERT_TRUE(read) << read.error().message;
  const auto& items = std::get<in::Replied>(read->data).reply.list->items;
  ASSERT_EQ(items.size(), 8U);
  for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(*items[i], *pods[i]);
}

TEST(EventLine, AListThatCannotBeRebuiltIsRefused) {
  PodMemory memory;
  ApiReply reply;
  reply.list = PodList{{sample_pod(1), sample_pod(2)}};
  std::string line = write({1, 0, "etl", 0, "", in::Replied{CallId{1}, reply}}, memory);
  line.replace(line.find("\"rv\":101"), 8, "\"rv\":999");
  EventReader reader;
  const auto read = reader.read(line);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("cannot be rebuilt"), std::string::npos) << read.error().message;
}

TEST(EventLine, SessionsDoNotShareWhatTheyHaveSeen) {
  PodMemory a;
  PodMemory b;
  const in::Watched seen{CallId{1}, {{WatchEventType::added, sample_pod(1)}}};
  EventReader reader;
  ASSERT_TRUE(reader.read(write({1, 0, "a", 0, "", seen}, a)));
  (void)write({2, 0, "b", 0, "", seen}, b);
  const auto read = reader.read(write({3, 0, "b", 0, "", seen}, b));  // b's first line is missing
  ASSERT_FALSE(read);
}

TEST(EventLine, UnknownTypesAreRefusedExceptNotes) {
  EventReader reader;
  const auto line = [](const std::string& type) {
    return R"({"seq":1,"t":0,"type":")" + type + R"(","by":"x","cause":0,"key":"","data":{"a":1}})";
  };
  EXPECT_FALSE(reader.read(line("fact.made_up")));
  EXPECT_TRUE(reader.read(line("note.made_up")));
  EXPECT_FALSE(reader.read("{\"seq\":1"));
  EXPECT_FALSE(reader.read("[]"));
  EXPECT_FALSE(reader.read(R"({"seq":"1","t":0,"type":"in.stopped","by":"x","cause":0,"key":"","data":{}})"));
}

}  // namespace
}  // namespace podramp::event_json_test

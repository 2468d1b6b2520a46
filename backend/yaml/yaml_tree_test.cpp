#include "backend/yaml/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::yaml {
namespace {

using testing::HasSubstr;

YamlValue one(std::string_view text) {
  const YamlText parsed = parse_yaml(text, "f.yaml");
  for (const FieldError& error : parsed.errors) ADD_FAILURE() << to_string(error);
  EXPECT_EQ(parsed.documents.size(), 1U);
  return parsed.documents.empty() ? YamlValue{} : parsed.documents.front();
}

std::string error_of(std::string_view text) {
  const YamlText parsed = parse_yaml(text, "f.yaml");
  EXPECT_TRUE(parsed.documents.empty());
  return parsed.errors.empty() ? "" : to_string(parsed.errors.front());
}

TEST(YamlTree, PlainScalarsAreTypedAndQuotedOnesAreTexts) {
  EXPECT_EQ(
      to_json(one("a: 1\nb: '1'\nc: true\nd: \"true\"\ne: ~\nf: null\ng: -1.5e3\nh: 0x1F\ni: 2Gi\nj: 012\nk:\n")),
      R"({"a":1,"b":"1","c":true,"d":"true","e":null,"f":null,"g":-1.5e3,"h":"0x1F","i":"2Gi","j":"012","k":null})");
}

TEST(YamlTree, JsonIsYaml) {
  EXPECT_EQ(to_json(one("{\"b\": [1, {\"x\": \"q\\\"\\\\\\n\"}], \"a\": false}")),
            R"({"a":false,"b":[1,{"x":"q\"\\\u000a"}]})");
}

TEST(YamlTree, EveryValueKnowsItsLine) {
  const YamlValue root = one("a: 1\n\nb:\n  - x\n  - y: 2\n");
  EXPECT_EQ(root.find("a")->line, 1);
  EXPECT_EQ(root.find("b")->line, 3);
  EXPECT_EQ(root.find("b")->items.at(0).line, 4);
  EXPECT_EQ(root.find("b")->items.at(1).find("y")->line, 5);
  EXPECT_EQ(root.find("c"), nullptr);
}

TEST(YamlTree, AliasesAreExpanded) {
  EXPECT_EQ(to_json(one("a: &x {k: v}\nb: *x\n")), R"({"a":{"k":"v"},"b":{"k":"v"}})");
}

TEST(YamlTree, SyntaxErrorsNameLineAndColumn) {
  EXPECT_THAT(error_of("a: 1\nb: [1, 2\n"), HasSubstr("f.yaml:"));
  EXPECT_THAT(error_of("a: 1\n b: 2\n"), HasSubstr("f.yaml:2: not YAML: "));
  EXPECT_THAT(error_of("a: *nobody\n"), HasSubstr("f.yaml:1: not YAML: "));
}

TEST(YamlTree, DuplicateKeysAreErrors) { EXPECT_EQ(error_of("a: 1\nb: 2\na: 3\n"), "f.yaml:3: a: is given twice"); }

TEST(YamlTree, AMapsKeysArePlainTexts) {
  EXPECT_EQ(error_of("? [a, b]\n: 1\n"), "f.yaml:1: a key must be a plain text");
}

TEST(YamlTree, WhatGrowsWithoutEndIsRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 7; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(error_of(bomb), HasSubstr("holds more than 100000 values"));
  EXPECT_THAT(error_of(std::string(70, '[') + std::string(70, ']')), HasSubstr("nested more than 64 deep"));
}

TEST(YamlTree, DocumentsAreToldApartAndEmptyOnesAreNone) {
  EXPECT_EQ(parse_yaml("a: 1\n---\nb: 2\n", "f").documents.size(), 2U);
  EXPECT_EQ(parse_yaml("# nothing\n", "f").documents.size(), 0U);
  EXPECT_EQ(parse_yaml("", "f").documents.size(), 0U);
}

TEST(YamlTree, ATextInWhichTheParserFindsDocumentsWithoutEndIsAnError) {
  const YamlText text = parse_yaml(",name: a\n", "f");
  ASSERT_EQ(text.errors.size(), 1U);
  EXPECT_EQ(text.errors[0].message, "not YAML: more than 1000 documents");
  EXPECT_TRUE(text.documents.empty());
}

}  // namespace
}  // namespace podramp::yaml

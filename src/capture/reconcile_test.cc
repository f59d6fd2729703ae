// Deletes in latest mode: a document that the listing lacks counts as deleted only once a read of it says that it is
// not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/captured_account.h"

namespace halley::capture {
namespace {

using ::testing::Key;
using ::testing::UnorderedElementsAre;

// Documents a and b are captured, and nothing has changed since, when listings begin to lack b.
class Reconcile : public CapturedAccount {
 protected:
  using Answer = testing::DirectTransport::Answer;

  Reconcile() {
    latest_.mode = ModeChoice::latest;
    upsert(R"({"id":"a","pk":"a"})");
    upsert(R"({"id":"b","pk":"a"})");
    backup(latest_);
    transport_.before = [this](const http::Request& request) -> std::optional<Answer> {
      if (!is_point_read(request)) return std::nullopt;
      ++reads_;
      if (absent_as_ == 0) return std::nullopt;
      http::Response response;
      response.status = 404;
      response.headers.add("x-ms-substatus", std::to_string(absent_as_));
      response.headers.add("Date", format_http_date(account_.clock().now()));
      return Answer(std::move(response));
    };
    transport_.after = [](const http::Request& request, http::Response response) -> Answer {
      if (!is_listing(request)) return response;
      auto page = *json::parse(response.body);
      std::vector<json::Value> documents = page.find("Documents")->items();
      std::erase_if(documents, [](const json::Value& document) { return document.string_at("id") == "b"; });
      page.set("Documents", json::Value::array(std::move(documents)));
      response.body = page.to_text();
      response.body.reserve(response.body.size() + json::kPadding);
      return response;
    };
  }

  BackupOptions latest_;
  int reads_ = 0;      // of single documents, by passes behind the first
  int absent_as_ = 0;  // the sub-status of the 404 that they are answered; 0: the account answers
};

TEST_F(Reconcile, WhatAReadStillFindsIsNotDeleted) {
  EXPECT_EQ(backup(latest_).deletes, 0U);
  EXPECT_EQ(reads_, 1);
  EXPECT_THAT(documents(), UnorderedElementsAre(Key("a"), Key("b")));
}

TEST_F(Reconcile, OnlyA404WithoutASubStatusSaysThatADocumentIsGone) {
  absent_as_ = 1003;  // its container is not there, says this one
  const Error error = incomplete_backup(latest_);
  EXPECT_EQ(error.status, 404);
  EXPECT_EQ(error.sub_status, 1003);
  EXPECT_THAT(documents(), UnorderedElementsAre(Key("a"), Key("b")));
  absent_as_ = 0;
  remove("b");
  EXPECT_EQ(backup(latest_).deletes, 1U);
  EXPECT_THAT(documents(), UnorderedElementsAre(Key("a")));
}

}  // namespace
}  // namespace halley::capture

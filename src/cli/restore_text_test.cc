#include "cli/restore_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace halley::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string said(const recovery::RestoreReport& report) {
  std::ostringstream out;
  std::ostringstream err;
  Output output(out, err, false, false);
  print_restored(output, report);
  return out.str();
}

// The definitions are known up to 500: of `latest`, the documents are as of what was last captured of each.
recovery::RestoreReport report_of(std::initializer_list<std::int64_t> moments) {
  recovery::RestoreReport report;
  report.at = {500};
  for (const std::int64_t moment : moments) {
    recovery::RestoredContainer container;
    container.database = "shop";
    container.container = "c" + std::to_string(moment);
    container.at = {moment};
    report.containers.push_back(container);
  }
  return report;
}

TEST(RestoreText, TheMomentIsThatOfTheDocuments) {
  EXPECT_THAT(said(report_of({})), HasSubstr(" as of " + format_rfc3339({500}) + ","));
  const std::string one = said(report_of({400}));
  EXPECT_THAT(one, HasSubstr("in 1 container as of " + format_rfc3339({400}) + ","));
  EXPECT_THAT(one, Not(HasSubstr(format_rfc3339({500}))));
  const std::string two = said(report_of({400, 450}));
  EXPECT_THAT(two, HasSubstr("shop/c400: 0 documents, 0 B, as of " + format_rfc3339({400})));
  EXPECT_THAT(two, HasSubstr("shop/c450: 0 documents, 0 B, as of " + format_rfc3339({450})));
  EXPECT_THAT(two, HasSubstr("in 2 containers as of " + format_rfc3339({400}) + " to " + format_rfc3339({450}) + ","));
}

}  // namespace
}  // namespace halley::cli

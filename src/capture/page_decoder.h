// From a page of a change feed to versions, in one pass and in place.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/same_transaction.h"
#include "cosmos/client.h"
#include "json/document_scanner.h"
#include "repo/version_batch.h"

namespace halley::capture {

// What a page is decoded under, and what decoding it found.
struct DecodeContext {
  std::uint32_t epoch = 0;
  std::uint64_t from_lsn = 0;                  // items with a smaller LSN are left out: a feed may bring an item again
  std::uint64_t skip_beyond_lsn = UINT64_MAX;  // items with a greater LSN are left out (they come through another feed)
  Second server_time;                          // of the page; 0 = unknown
  Second there_by;                             // what is read was there by then, whatever its time says; 0 = unknown
  Second newest;                               // in, out: running maximum of version times of the range
  Second claimed_until;                        // versions timed before it are late
  std::uint64_t upserts = 0;                   // out, added to
  std::uint64_t removes = 0;
  std::uint64_t skipped = 0;      // out, added to: items beyond skip_beyond_lsn
  std::vector<Second> late;       // out: times of late versions
  std::vector<ChangeKind> kinds;  // out, all-versions feed: of each version added
  std::int64_t step_back = 0;     // out: the largest step back of time seen, in seconds
};

// One per thread.
class PageDecoder {
 public:
  explicit PageDecoder(const cosmos::PartitionKeyDefinition& key);

  // Adopts `page` into `batch` and adds one version per item. Fails with corrupt, naming the property that is missing
  // or wrong; the batch may then hold some of the page's versions and must be dropped.
  Status decode(cosmos::FeedMode mode, std::string page, DecodeContext& context, repo::VersionBatch& batch);

  // The same of a single document as a point read gave it, which tells no position: it stands at `lsn`.
  Status decode_document(std::string text, std::uint64_t lsn, DecodeContext& context, repo::VersionBatch& batch);

 private:
  struct Edit {
    std::size_t offset;
    char value;
  };
  // Adopts what is to be decoded next.
  std::string& begin(std::string page, repo::VersionBatch& batch);
  void make_edits(std::string& text) const;
  Status add_upsert(const json::ScannedDocument& document, std::uint64_t lsn, Second committed, DecodeContext& context,
                    repo::VersionBatch& batch);
  Status add_remove(const json::ScannedDocument& document, const json::Value& metadata, std::uint64_t lsn,
                    Second committed, DecodeContext& context, repo::VersionBatch& batch);
  Status add_latest(const json::ScannedDocument& document, DecodeContext& context, repo::VersionBatch& batch);
  Status add_all_versions(const json::ScannedDocument& document, DecodeContext& context, repo::VersionBatch& batch);
  Result<std::string_view> key_of(const json::ScannedDocument& document, repo::VersionBatch& batch);
  std::string_view etag_of(const json::ScannedDocument& document, repo::VersionBatch& batch);
  std::string_view body_of(const json::ScannedDocument& document);

  cosmos::PartitionKeyDefinition key_;
  json::DocumentScanner scanner_;
  const char* page_ = nullptr;
  std::vector<Edit> edits_;  // made once the page has been scanned
  // Of the document before in this page: the values on its key paths as written, and its key.
  std::vector<std::string_view> last_values_;
  std::string_view last_key_;
  std::size_t items_of_last_ = 0;  // how many versions the page before brought
};

}  // namespace halley::capture

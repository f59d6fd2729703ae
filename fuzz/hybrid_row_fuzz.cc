// Binary batches of the .NET SDK: the input as a whole body, and as one row whose checksum is right.
#include "fuzz/target.h"
#include "server/binary_batch.h"
#include "server/hybrid_row.h"

namespace halley {

void fuzz_one(std::string_view input) {
  namespace hybrid_row = server::hybrid_row;
  (void)server::parse_binary_batch(input);
  std::string stream;
  hybrid_row::append_stream_header(stream);
  hybrid_row::append_record(stream, input);
  (void)server::parse_binary_batch(stream);
}

}  // namespace halley

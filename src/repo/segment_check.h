// Whether a whole segment is what its own index and its commit say of it.
#pragma once

#include <string>

#include "codec/compress.h"
#include "repo/segment_reader.h"

namespace halley::repo {

// Decodes every block of the segment in `bytes`, bodies too, and compares order, counts, times, positions, index and
// filter. corrupt naming the object for whatever disagrees.
Status check_segment(store::ObjectStore& store, const KeyRing& keys, std::string_view lane, const SegmentRef& ref,
                     std::string bytes, codec::Decompressor& decompressor);

}  // namespace halley::repo

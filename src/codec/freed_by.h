// Ownership of what a library of C makes: std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>.
#pragma once

namespace halley::codec {

template <auto free>
struct FreedBy {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};

}  // namespace halley::codec

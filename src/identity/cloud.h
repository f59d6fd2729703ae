// The clouds that Azure runs in, each with places of its own.
#pragma once

#include <string>

#include "base/result.h"

namespace halley::identity {

struct Cloud {
  std::string name;              // as 'az cloud' has it; the URL, for a cloud that has no name here
  std::string authority;         // where tokens come from; no slash at its end
  std::string resource_manager;  // likewise
  std::string cosmos_scope;      // of tokens for documents

  std::string management_scope() const { return resource_manager + "/.default"; }
};

// By name (AzureCloud, AzureUSGovernment, AzureChinaCloud; without case), or by the URL of its Resource Manager. A URL
// that is none of those has tokens from the public authority unless AZURE_AUTHORITY_HOST says otherwise. Fails with
// invalid_argument, naming what there is.
Result<Cloud> find_cloud(const std::string& name_or_url);

// A URL that tokens may be sent to: https with a host, or http to this machine; without the slash at its end. A bare
// host counts as https. Fails with invalid_argument; `what` names it.
Result<std::string> token_place(const std::string& text, const std::string& what);

// "https://host[:port]" of a URL; empty when it is none.
std::string origin_of(std::string_view url);

}  // namespace halley::identity

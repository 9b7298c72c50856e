/** Which methods a path takes, for answers that say so. Asked only when a request went wrong. */
export class AllowedMethods {
  private readonly templates: { readonly form: RegExp; readonly methods: Set<string> }[] = [];
  private readonly byPath = new Map<string, Set<string>>();

  /** `path`: with `{names}`, which stand for anything but slashes. */
  add(path: string, method: string): void {
    let methods = this.byPath.get(path);
    if (methods === undefined) {
      methods = new Set();
      this.byPath.set(path, methods);
      const parts = path.split(/\{[^}]+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      this.templates.push({ form: new RegExp(`^${parts.join('[^/]+')}$`), methods });
    }
    methods.add(method);
  }

  /** Whether the address is that of a path of its own which does not take this method, though the router found a template for it. */
  forbids(url: string, method: string): boolean {
    return this.byPath.get(pathOf(url))?.has(method) === false;
  }

  /** Of an address as it was sent; empty: nothing is there. */
  of(url: string): readonly string[] {
    const path = pathOf(url);
    // A path of its own is another resource than what a name in a template could stand for.
    const exact = this.byPath.get(path);
    if (exact !== undefined) return [...exact].sort();
    const found = new Set<string>();
    for (const { form, methods } of this.templates) if (form.test(path)) for (const method of methods) found.add(method);
    return [...found].sort();
  }
}

const pathOf = (url: string): string => url.split(/[?#]/, 1)[0] ?? '';

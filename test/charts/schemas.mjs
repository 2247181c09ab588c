/**
 * Makes strict JSON schemas for kubeconform: from Kubernetes' own OpenAPI document and from
 * CustomResourceDefinitions. A field that is not known is a fault; one that is not required may be null.
 *   node schemas.mjs SWAGGER_JSON CRD_FOLDER INTO
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const [swagger, crds, into] = process.argv.slice(2);
const REF = '#/definitions/';
const GROUP_VERSION_KIND = 'x-kubernetes-group-version-kind';

/** As kubeconform names them: by the kind, the first word of the group, the version. */
function nameOf({ kind, group, version }) {
  const groups = group === '' ? [] : [group.split('.')[0]];
  return `${[kind, ...groups, version].join('-').toLowerCase()}.json`;
}

function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (schema === null || typeof schema !== 'object') return schema;
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string') {
    return { type: ['integer', 'string'] };
  }
  const { properties, ...rest } = schema;
  const made = mapped(rest, (value, key) => (key === 'description' ? value : strict(value)));
  if (properties === undefined) return made;
  const { required = [] } = schema;
  made.properties = mapped(properties, (property, name) =>
    required.includes(name) ? strict(property) : { anyOf: [strict(property), { type: 'null' }] },
  );
  const isOpen =
    schema.additionalProperties !== undefined || schema['x-kubernetes-preserve-unknown-fields'];
  return isOpen ? made : { ...made, additionalProperties: false };
}

const mapped = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));

/** The definitions that a schema refers to, and those that they do. */
function referred(schema, definitions, found = {}) {
  for (const [, name] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g)) {
    if (name in found) continue;
    found[name] = definitions[name];
    referred(definitions[name], definitions, found);
  }
  return found;
}

function ofKubernetes() {
  const { definitions } = JSON.parse(readFileSync(swagger, 'utf8'));
  // "8" of a CPU, or a number of bytes: written without quotes as often as with.
  definitions['io.k8s.apimachinery.pkg.api.resource.Quantity'] = { type: ['string', 'number'] };
  const made = mapped(definitions, strict);
  const schemas = Object.entries(definitions).flatMap(([name, definition]) =>
    (definition[GROUP_VERSION_KIND] ?? []).map((names) => [nameOf(names), { $ref: REF + name }]),
  );
  return schemas.map(([name, schema]) => [
    name,
    { ...schema, definitions: referred(schema, made) },
  ]);
}

function ofCustomResources() {
  const texts = readdirSync(crds).map((file) => readFileSync(join(crds, file), 'utf8'));
  return texts.flatMap((text) => {
    const { spec } = parse(text);
    return spec.versions.map(({ name: version, schema }) => [
      nameOf({ kind: spec.names.kind, group: spec.group, version }),
      strict(schema.openAPIV3Schema),
    ]);
  });
}

mkdirSync(into, { recursive: true });
for (const [name, schema] of [...ofKubernetes(), ...ofCustomResources()]) {
  writeFileSync(join(into, name), JSON.stringify(schema));
}

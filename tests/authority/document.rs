//! The OpenAPI document against the code: what the whole suite asks and is answered stands in it, and all of it is done.

pub(crate) mod every;
pub(crate) mod held;
pub(crate) mod request;

use std::collections::{BTreeMap, HashMap};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// The methods that an item of a path may have.
const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// What an authority says of itself, ready to be held against what it does.
pub(crate) struct Document {
    /// The document as it was served.
    pub(crate) all: Value,
    /// By path template, then by method in capitals.
    paths: BTreeMap<String, HashMap<String, Operation>>,
    /// The forms that an error may have, one for each dialect.
    errors: Vec<Validator>,
    security: Value,
}

/// One operation.
struct Operation {
    /// For the templates of the path: by place, the schema of the part.
    parts: HashMap<usize, Validator>,
    /// Whether the body must be there, and its schema by media type.
    body: Option<(bool, HashMap<String, Validator>)>,
    /// The ways to be let in, each the names of its schemes.
    security: Vec<Vec<String>>,
    answers: HashMap<u16, Answer>,
}

/// One answer of an operation.
struct Answer {
    /// Names of headers that are always there.
    headers: Vec<String>,
    /// The schema of the body by media type; empty where there is no body.
    content: HashMap<String, Validator>,
}

impl Document {
    /// Reads a document as it was served.
    pub(crate) fn read(all: Value) -> Self {
        let mut paths = BTreeMap::new();
        for (path, item) in all["paths"].as_object().unwrap() {
            let mut operations = HashMap::new();
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    operations.insert(method.to_uppercase(), Operation::read(&all, path, item, operation));
                }
            }
            paths.insert(path.clone(), operations);
        }
        let schemas = all["components"]["schemas"].as_object().unwrap();
        let errors = schemas.iter().filter(|(name, _)| name.ends_with("Error")).map(|(_, schema)| schema.clone());
        let errors: Vec<_> = errors.map(|schema| validator(&all, &schema)).collect();
        assert_eq!(errors.len(), 6, "five dialects, and none of them");
        Self { security: all["components"]["securitySchemes"].clone(), paths, errors, all }
    }

    /// Every operation: method, path template, and its id.
    pub(crate) fn operations(&self) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        for (path, item) in self.all["paths"].as_object().unwrap() {
            for method in METHODS {
                if let Some(id) = item.get(method).and_then(|operation| operation["operationId"].as_str()) {
                    found.push((method.to_uppercase(), path.clone(), id.to_owned()));
                }
            }
        }
        found
    }

    /// The statuses that an operation may answer.
    pub(crate) fn statuses(&self, method: &str, template: &str) -> Vec<u16> {
        self.paths[template][method].answers.keys().copied().collect()
    }

    /// The template that `path` fits, and its operations; one without a placeholder goes before one with.
    fn item(&self, path: &str) -> Option<(&str, &HashMap<String, Operation>)> {
        let fits = |template: &&String| {
            let (known, asked) = (template.split('/'), path.split('/'));
            known.clone().count() == asked.clone().count()
                && known.zip(asked).all(|(known, asked)| known.starts_with('{') || known == asked)
        };
        let template = self.paths.keys().filter(fits).min_by_key(|template| template.contains('{'))?;
        Some((template, &self.paths[template]))
    }
}

impl Operation {
    fn read(all: &Value, path: &str, item: &Value, operation: &Value) -> Self {
        let lists = [&item["parameters"], &operation["parameters"]].into_iter().filter_map(Value::as_array);
        let mut parts = HashMap::new();
        for parameter in lists.flatten().filter(|parameter| parameter["in"] == "path") {
            let part = format!("{{{}}}", parameter["name"].as_str().unwrap());
            let place = path.split('/').position(|known| known == part).unwrap();
            parts.insert(place, validator(all, &parameter["schema"]));
        }
        let named = path.split('/').filter(|part| part.starts_with('{')).count();
        assert_eq!(parts.len(), named, "{path} has placeholders that are not described");

        let body = operation.get("requestBody").map(|body| {
            let body = followed(all, body);
            (body["required"] == true, content(all, body))
        });
        let answers = operation["responses"].as_object().unwrap().iter().map(|(status, answer)| {
            let answer = followed(all, answer);
            let headers = answer["headers"].as_object().into_iter().flatten();
            let headers = headers.filter(|(_, header)| header["required"] == true).map(|(name, _)| name.clone());
            (status.parse().unwrap(), Answer { headers: headers.collect(), content: content(all, answer) })
        });
        let ways = operation["security"].as_array().expect("an operation says whom it lets in").iter();
        Self {
            parts,
            body,
            security: ways.map(|way| way.as_object().unwrap().keys().cloned().collect()).collect(),
            answers: answers.collect(),
        }
    }
}

/// What `value` refers to, or itself.
fn followed<'a>(all: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => all.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference} leads nowhere")),
        None => value,
    }
}

/// The schemas of a body by media type.
fn content(all: &Value, of: &Value) -> HashMap<String, Validator> {
    let kinds = of["content"].as_object().into_iter().flatten();
    kinds.map(|(kind, about)| (kind.clone(), validator(all, &about["schema"]))).collect()
}

/// A schema of the document, with the document's components in reach.
fn validator(all: &Value, schema: &Value) -> Validator {
    let root = json!({ "allOf": [schema], "components": all["components"] });
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    options.build(&root).unwrap_or_else(|error| panic!("{error}: {schema}"))
}

//! Every file in `bad` is refused, with exactly the problems in the snapshot beside it.

use std::fs;
use std::path::{Path, PathBuf};

use bitplane_spec::{Problem, parse};

fn bad_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|suffix| suffix == "toml")).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn problems(path: &Path) -> (String, Vec<Problem>) {
    let text = fs::read_to_string(path).unwrap();
    let problems = parse(&text, "core").expect_err(&stem(path));
    (text, problems)
}

#[test]
fn every_bad_file_is_refused_with_all_its_problems() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("bad");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let files = bad_files();
    assert!(files.len() >= 60, "only {} files", files.len());
    for path in files {
        let (_, problems) = problems(&path);
        let name = format!("{}.toml", stem(&path));
        let rendered: Vec<String> = problems.iter().map(|p| p.render_plain(&name)).collect();
        settings.bind(|| insta::assert_snapshot!(stem(&path), rendered.join("\n")));
    }
}

#[test]
fn every_snapshot_has_its_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.with_extension("toml").exists(), "{}", path.display());
    }
}

#[test]
fn every_problem_has_a_message_a_way_out_and_a_position_inside_the_text() {
    for path in bad_files() {
        let (text, problems) = problems(&path);
        for problem in problems {
            assert!(!problem.message.is_empty() && !problem.help.is_empty(), "{problem:?}");
            assert!(!problem.message.contains('\n') && !problem.help.contains('\n'));
            assert_eq!(problem.line.is_some(), problem.span.is_some());
            if let Some(span) = problem.span {
                assert!(text.get(span).is_some(), "{}", problem.message);
            }
        }
    }
}

#[test]
fn a_file_stem_that_is_no_name_is_told_as_such() {
    let text = bitplane_spec::starter("mac_array").unwrap();
    let problems = parse(&text, "My Core").unwrap_err();
    assert_eq!((problems[0].code, problems[0].key.as_str()), ("invalid-name", "name"));
    assert!(problems[0].message.starts_with("the file's stem \"My Core\", the default, is no"));
    assert_eq!(problems[0].help, "write for example `name = \"my_core\"`");
}

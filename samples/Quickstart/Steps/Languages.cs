namespace Quickstart.Steps;

/// <summary>Languages by file name.</summary>
internal static class Languages
{
    private static readonly Dictionary<string, string> ByExtension = Table(
        ("C#", ".cs .csx"), ("F#", ".fs .fsx .fsi"), ("Visual Basic", ".vb"), ("Razor", ".razor .cshtml"),
        ("MSBuild", ".csproj .fsproj .vbproj .props .targets .sln .slnx"), ("JSON", ".json .jsonc .jsonl .ipynb"), ("YAML", ".yml .yaml"),
        ("XML", ".xml .xsd .xsl .xslt .resx .config .xaml .plist"), ("TOML and INI", ".toml .ini .editorconfig .cfg .conf .properties"), ("Markdown", ".md .mdx .markdown"),
        ("Text", ".txt .rst .adoc .log"), ("HTML", ".html .htm"), ("CSS", ".css .scss .sass .less"), ("JavaScript", ".js .mjs .cjs .jsx"), ("TypeScript", ".ts .tsx .mts"),
        ("Python", ".py .pyi"), ("Java", ".java"), ("Kotlin", ".kt .kts"), ("Scala", ".scala"), ("Groovy", ".groovy .gradle"), ("Go", ".go"), ("Rust", ".rs"),
        ("C", ".c .h"), ("C++", ".cpp .cc .cxx .hpp .hh .hxx"), ("Swift", ".swift"), ("Objective-C", ".m .mm"), ("Dart", ".dart"), ("Ruby", ".rb"), ("PHP", ".php"),
        ("Perl", ".pl .pm"), ("Lua", ".lua"), ("R", ".r"), ("Julia", ".jl"), ("Haskell", ".hs"), ("Elixir", ".ex .exs"), ("Erlang", ".erl"), ("Clojure", ".clj .cljs"),
        ("Zig", ".zig"), ("SQL", ".sql"), ("Shell", ".sh .bash .zsh .fish"), ("PowerShell", ".ps1 .psm1 .psd1"), ("Batch", ".bat .cmd"), ("Protocol Buffers", ".proto"),
        ("GraphQL", ".graphql .gql"), ("Terraform", ".tf"), ("CSV", ".csv .tsv"), ("SVG", ".svg"), ("Image", ".png .jpg .jpeg .gif .webp .ico .bmp .tif .tiff .avif .heic"),
        ("Audio and video", ".mp3 .wav .flac .ogg .mp4 .mkv .mov .webm .avi"), ("Font", ".ttf .otf .woff .woff2"), ("PDF", ".pdf"),
        ("Archive", ".zip .gz .tgz .xz .bz2 .zst .7z .tar .rar .jar .nupkg"), ("Program", ".dll .exe .so .dylib .a .lib .o .pdb .class .wasm"), ("Database", ".db .sqlite .sqlite3 .mdb"));

    private static readonly Dictionary<string, string> ByName = Table(
        ("Docker", "Dockerfile Containerfile"), ("Make", "Makefile GNUmakefile"), ("Git", ".gitignore .gitattributes .gitmodules"), ("Text", "LICENSE README NOTICE CHANGELOG AUTHORS"));

    public static string Of(string path, bool isBinary)
        => ByName.GetValueOrDefault(Path.GetFileName(path)) ?? ByExtension.GetValueOrDefault(Path.GetExtension(path)) ?? (isBinary ? "Other binary" : "Other text");

    private static Dictionary<string, string> Table(params (string Language, string Names)[] rows)
        => rows.SelectMany(row => row.Names.Split(' '), (row, name) => (name, row.Language)).ToDictionary(pair => pair.name, pair => pair.Language, StringComparer.OrdinalIgnoreCase);
}

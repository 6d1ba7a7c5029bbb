using System.Text.Json;

namespace WorkflowEngine;

/// <summary>Counts lines forward through a document; positions must not go back.</summary>
internal struct LineCount(byte[] bytes)
{
    private int _position;
    private int _line = 1;

    public int At(int position)
    {
        _line += bytes.AsSpan(_position, position - _position).Count((byte)'\n');
        _position = position;
        return _line;
    }
}

/// <summary>
/// The lines of chosen JSON paths. The paths form a tree, and the document is walked once along that tree, so the cost is that of reading the document
/// plus that of the paths, however deep or long either is.
/// </summary>
internal sealed class JsonLines
{
    private readonly Place _root = new() { Line = 1 };

    public JsonLines(IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            var place = _root;
            foreach (var segment in JsonPath.Segments(path))
            {
                place = place.GetOrAdd(segment);
            }
        }
    }

    /// <summary>The line of the path, or of the nearest place above it that the document has.</summary>
    public int LineOf(string path)
    {
        var place = _root;
        var line = 1;
        foreach (var segment in JsonPath.Segments(path))
        {
            place = place.Find(segment);
            if (place is null || place.Line == 0)
            {
                break;
            }

            line = place.Line;
        }

        return line;
    }

    public void Locate(byte[] json, JsonReaderOptions options)
    {
        var reader = new Utf8JsonReader(json, options);
        var lines = new LineCount(json);
        if (reader.Read())
        {
            Walk(ref reader, ref lines, _root);
        }
    }

    /// <summary>Walks one value; the recursion is bounded by the reader's depth.</summary>
    private static void Walk(ref Utf8JsonReader reader, ref LineCount lines, Place place)
    {
        if (reader.TokenType == JsonTokenType.StartObject && place.HasChildren)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var child = place.Find(JsonPath.Member(reader.GetString()!));
                Visit(ref reader, ref lines, child, isMember: true);
            }
        }
        else if (reader.TokenType == JsonTokenType.StartArray && place.HasChildren)
        {
            for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
            {
                Visit(ref reader, ref lines, place.Find(JsonPath.Element(index)), isMember: false);
            }
        }
        else
        {
            reader.Skip();
        }
    }

    private static void Visit(ref Utf8JsonReader reader, ref LineCount lines, Place? child, bool isMember)
    {
        if (child is not null)
        {
            child.Line = lines.At((int)reader.TokenStartIndex);
        }

        if (isMember)
        {
            reader.Read();
        }

        if (child is null)
        {
            reader.Skip();
        }
        else
        {
            Walk(ref reader, ref lines, child);
        }
    }

    private sealed class Place
    {
        private Dictionary<string, Place>? _children;

        public int Line { get; set; }

        public bool HasChildren => _children is not null;

        public Place? Find(string segment) => _children?.GetValueOrDefault(segment);

        public Place GetOrAdd(string segment)
        {
            _children ??= new Dictionary<string, Place>(StringComparer.Ordinal);
            if (!_children.TryGetValue(segment, out var place))
            {
                _children[segment] = place = new Place();
            }

            return place;
        }
    }
}

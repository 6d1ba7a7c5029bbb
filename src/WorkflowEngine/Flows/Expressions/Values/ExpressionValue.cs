using System.Runtime.InteropServices;
using System.Text.Json;

namespace WorkflowEngine;

/// <summary>
/// A value of an expression, or the failure to get one. What comes from JSON stays JSON: nothing is parsed or copied until an operator needs it, and what is only
/// handed on keeps its very characters.
/// </summary>
internal readonly struct ExpressionValue
{
    private readonly object? _object;
    private readonly JsonElement _json;
    private readonly long _bits;

    private ExpressionValue(ExpressionType type, long bits = 0, object? value = null, JsonElement json = default)
    {
        Type = type;
        _bits = bits;
        _object = value;
        _json = json;
    }

    public static ExpressionValue Null => default;

    public ExpressionType Type { get; }

    public bool IsFailure => Type == ExpressionType.Failure;

    public bool IsTrue => Type == ExpressionType.Bool && _bits != 0;

    /// <summary>Of an int.</summary>
    public long Int => _bits;

    /// <summary>Of an int or a double.</summary>
    public double Double => Type == ExpressionType.Int ? _bits : BitConverter.Int64BitsToDouble(_bits);

    /// <summary>Of a timestamp (UTC) or a duration.</summary>
    public long Ticks => _bits;

    /// <summary>Of a failure.</summary>
    public ExpressionFailure Failure => (ExpressionFailure)_object!;

    /// <summary>The JSON that it was read from; undefined when it was made.</summary>
    public JsonElement Json => _json;

    /// <summary>Of a string.</summary>
    /// <exception cref="StepFailedException">The JSON holds half a character.</exception>
    public string Text => _object as string ?? ReadText(_json);

    /// <summary>How long a string is at most, known without reading it.</summary>
    public int TextLength => _object is string text ? text.Length : JsonMarshal.GetRawUtf8Value(_json).Length;

    /// <summary>Of a list or map: how many elements or members.</summary>
    public int Count => _object switch
    {
        ExpressionList list => list.Count,
        ExpressionMap map => map.Count,
        _ => Type == ExpressionType.List ? _json.GetArrayLength() : _json.GetPropertyCount(),
    };

    public static ExpressionValue Of(bool value) => new(ExpressionType.Bool, value ? 1 : 0);

    public static ExpressionValue Of(long value) => new(ExpressionType.Int, value);

    public static ExpressionValue Of(double value) => new(ExpressionType.Double, BitConverter.DoubleToInt64Bits(value));

    public static ExpressionValue Of(string? value) => value is null ? Null : new(ExpressionType.String, value: value);

    public static ExpressionValue Of(ExpressionList list) => new(ExpressionType.List, value: list);

    public static ExpressionValue Of(ExpressionMap map) => new(ExpressionType.Map, value: map);

    public static ExpressionValue OfTimestamp(long utcTicks) => new(ExpressionType.Timestamp, utcTicks);

    public static ExpressionValue OfDuration(long ticks) => new(ExpressionType.Duration, ticks);

    public static ExpressionValue Of(ExpressionFailure failure) => new(ExpressionType.Failure, value: failure);

    public static ExpressionValue Failed(int column, Func<string> describe) => Of(new ExpressionFailure(column, describe));

    /// <summary>A number without fraction and exponent is an int. The element must not belong to a document that is disposed of.</summary>
    public static ExpressionValue Of(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True => new(ExpressionType.Bool, 1, json: json),
        JsonValueKind.False => new(ExpressionType.Bool, 0, json: json),
        JsonValueKind.Number => OfNumber(json),
        JsonValueKind.String => new(ExpressionType.String, json: json),
        JsonValueKind.Array => new(ExpressionType.List, json: json),
        JsonValueKind.Object => new(ExpressionType.Map, json: json),
        _ => new(ExpressionType.Null, json: json),
    };

    /// <summary>The element of a list at a position that is in range.</summary>
    public ExpressionValue ElementAt(int index) => _object is ExpressionList list ? list[index] : Of(_json[index]);

    /// <summary>The member of a map.</summary>
    public bool TryMember(string name, out ExpressionValue value)
    {
        if (_object is ExpressionMap map)
        {
            return map.TryMember(name, out value);
        }

        try
        {
            var isThere = _json.TryGetProperty(name, out var member);
            value = isThere ? Of(member) : Null;
            return isThere;
        }
        catch (InvalidOperationException error)
        {
            throw HalfCharacter(error);
        }
    }

    /// <summary>The names of a map's members.</summary>
    public IEnumerable<string> Names() => _object is ExpressionMap map ? map.Names : _json.EnumerateObject().Select(NameOf);

    /// <summary>The elements of a list, or the names of a map's members.</summary>
    public IEnumerable<ExpressionValue> Elements() => Type == ExpressionType.Map ? Names().Select(Of)
        : _object is ExpressionList list ? list.Elements()
        : _json.EnumerateArray().Select(Of);

    /// <summary>Whether two strings have the same characters.</summary>
    public static bool SameText(in ExpressionValue left, in ExpressionValue right)
    {
        try
        {
            return left._object is string text ? (right._object is string other ? text == other : right._json.ValueEquals(text)) : left._json.ValueEquals(right.Text);
        }
        catch (InvalidOperationException error)
        {
            throw HalfCharacter(error);
        }
    }

    private static ExpressionValue OfNumber(JsonElement json)
    {
        if (json.TryGetInt64(out var whole))
        {
            return new(ExpressionType.Int, whole, json: json);
        }

        var isReal = JsonMarshal.GetRawUtf8Value(json).IndexOfAny((byte)'.', (byte)'e', (byte)'E') >= 0;
        return isReal && json.TryGetDouble(out var real) && double.IsFinite(real)
            ? new(ExpressionType.Double, BitConverter.DoubleToInt64Bits(real), json: json)
            : new(ExpressionType.Huge, json: json);
    }

    private static string ReadText(JsonElement json)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw HalfCharacter(error);
        }
    }

    private static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException error)
        {
            throw HalfCharacter(error);
        }
    }

    // JSON may escape one half of a surrogate pair; no text can hold it. So rare that it need not be cheap.
    private static StepFailedException HalfCharacter(InvalidOperationException error)
        => new(Reasons.ExpressionFailed, "A string of the data holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no text.", retryable: false, error);
}

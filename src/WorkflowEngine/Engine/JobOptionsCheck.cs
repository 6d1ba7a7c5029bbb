namespace WorkflowEngine;

/// <summary>What a start's options may be.</summary>
internal static class JobOptionsCheck
{
    public static JobOptions Defaults { get; } = new();

    /// <exception cref="ArgumentException">Names the member and the fix.</exception>
    public static void Throw(JobOptions? options)
    {
        if (options is null)
        {
            return;
        }

        Text(options.Key, nameof(options.Key));
        Text(options.Tenant, nameof(options.Tenant));
        Text(options.Trigger, nameof(options.Trigger));
        Text(options.Actor, nameof(options.Actor));
        Text(options.ConcurrencyKey, nameof(options.ConcurrencyKey));
        foreach (var label in options.Labels)
        {
            Text(label, nameof(options.Labels));
        }

        Range(options.ConcurrencyKey is null, nameof(options.ConcurrencyKey), "left out: this version does not know it yet");
        Range(options.Transaction is null, nameof(options.Transaction), "left out: this store has no transactions of the user's own to join");
        Range(options.Priority is >= -1000 and <= 1000, nameof(options.Priority), "from -1000 to 1000");
        Range(options.MaxConcurrentSteps is null or >= 1, nameof(options.MaxConcurrentSteps), "at least 1");
        Range(options.Timeout is null || options.Timeout > TimeSpan.Zero, nameof(options.Timeout), "positive");
        Range(options.Retention is null || options.Retention >= TimeSpan.Zero, nameof(options.Retention), "not negative");
    }

    private static void Text(string? value, string name)
    {
        if (value is not null && (value.Length is 0 or > 256 || value.AsSpan().ContainsAnyInRange('\0', '\u001f')))
        {
            throw new ArgumentException($"JobOptions.{name} must have 1 to 256 characters and no control characters.", name);
        }
    }

    private static void Range(bool isLegal, string name, string rule)
    {
        if (!isLegal)
        {
            throw new ArgumentOutOfRangeException(name, $"JobOptions.{name} must be {rule}.");
        }
    }
}

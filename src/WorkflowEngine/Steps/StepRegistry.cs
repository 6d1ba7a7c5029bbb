using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace WorkflowEngine;

/// <summary>The step types that this host can run, by their word. Types come from registration only, never from data (DESIGN §7).</summary>
public sealed class StepRegistry
{
    private readonly ConcurrentDictionary<string, StepRegistration> _registrations = new(StringComparer.Ordinal);

    internal StepRegistry(IEnumerable<StepRegistration> registrations)
    {
        foreach (var registration in registrations)
        {
            // The last one wins, so that tests and hosts can replace a type.
            _registrations[registration.Type] = registration;
        }
    }

    /// <summary>Every type in order of position, then of word.</summary>
    public IReadOnlyList<StepRegistration> All
        => [.. _registrations.Values.OrderBy(step => step.Position).ThenBy(step => step.Type, StringComparer.Ordinal)];

    /// <summary>True, and the registration, when the type is known.</summary>
    public bool TryGet(string type, [NotNullWhen(true)] out StepRegistration? registration) => _registrations.TryGetValue(type, out registration);

    /// <summary>Adds or replaces a type; for test hosts that fake steps after the start.</summary>
    internal void Replace(StepRegistration registration) => _registrations[registration.Type] = registration;
}

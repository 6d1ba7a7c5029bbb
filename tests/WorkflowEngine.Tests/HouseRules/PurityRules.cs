using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace WorkflowEngine.Tests.HouseRules;

/// <summary>
/// Time comes from a <see cref="TimeProvider"/>; the machine and its state know no clock, chance, store, logger or task at all. The
/// banned-API analyzer checks the first half by symbol; this reads the syntax, so that a suppression there does not hide it.
/// </summary>
internal static class PurityRules
{
    private static readonly HashSet<string> ForbiddenCalls = new(StringComparer.Ordinal)
    {
        "DateTime.Now", "DateTime.UtcNow", "DateTime.Today", "DateTimeOffset.Now", "DateTimeOffset.UtcNow", "Thread.Sleep", "Guid.NewGuid",
    };

    private static readonly HashSet<string> ImpureNames = new(StringComparer.Ordinal)
    {
        "TimeProvider", "Random", "RandomNumberGenerator", "Stopwatch", "ILogger", "ILoggerFactory", "IJobStore", "Task", "ValueTask", "Timer", "Thread", "Environment",
    };

    public static IEnumerable<Offence> Clock(SourceFile file)
    {
        foreach (var access in file.Syntax.DescendantNodes().OfType<MemberAccessExpressionSyntax>())
        {
            var call = Call(access);
            if (ForbiddenCalls.Contains(call) || (access.Parent is InvocationExpressionSyntax invocation && ReadsTheClock(call, invocation.ArgumentList)))
            {
                yield return file.Offends(access.GetLocation(), call, $"{call} reads the machine's clock or chance; take a TimeProvider");
            }
        }
    }

    public static IEnumerable<Offence> Purity(SourceFile file)
    {
        if (file.CoreFolder is not ("Machine" or "Jobs"))
        {
            yield break;
        }

        foreach (var name in file.Syntax.DescendantNodes().OfType<SimpleNameSyntax>().Where(name => ImpureNames.Contains(name.Identifier.Text) && !IsMember(name)))
        {
            yield return file.Offends(name.GetLocation(), name.Identifier.Text, $"{name.Identifier.Text} has no place in {file.CoreFolder}, which is pure");
        }

        foreach (var access in file.Syntax.DescendantNodes().OfType<MemberAccessExpressionSyntax>().Where(access => Call(access) is "Guid.NewGuid" or "Guid.CreateVersion7"))
        {
            yield return file.Offends(access.GetLocation(), Call(access), $"{Call(access)} makes an id in {file.CoreFolder}, which is pure; take the id as an argument");
        }
    }

    private static bool ReadsTheClock(string call, ArgumentListSyntax arguments) => call switch
    {
        "Task.Delay" => !arguments.Arguments.Skip(1).Any(NamesProvider),
        "Guid.CreateVersion7" => arguments.Arguments.Count == 0,
        _ => false,
    };

    private static bool NamesProvider(ArgumentSyntax argument)
        => argument.ToString() is var text
            && (text.Contains("timeProvider", StringComparison.OrdinalIgnoreCase)
                || text.EndsWith("time", StringComparison.OrdinalIgnoreCase)
                || text.EndsWith("clock", StringComparison.OrdinalIgnoreCase));

    private static string Call(MemberAccessExpressionSyntax access)
        => $"{(access.Expression is MemberAccessExpressionSyntax qualified ? qualified.Name : access.Expression)}.{access.Name}";

    /// <summary>What follows the dot of a value is a member; what follows a namespace is a type.</summary>
    private static bool IsMember(SimpleNameSyntax name)
        => name.Parent is NameColonSyntax
            || (name.Parent is MemberAccessExpressionSyntax access && access.Name == name && !access.Expression.ToString().StartsWith("System", StringComparison.Ordinal));
}

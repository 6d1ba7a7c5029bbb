using System.Reflection;
using System.Runtime.CompilerServices;
using WorkflowEngine;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers step types.</summary>
public static class StepRegistrations
{
    /// <summary>
    /// Registers a step class. One with a parameterless constructor is made once and shared; one with constructor parameters is made for each attempt, in a scope of its own.
    /// </summary>
    /// <param name="builder">The engine.</param>
    /// <param name="type">The word that flows use.</param>
    /// <param name="configure">Name, position, config type and ports.</param>
    public static IWorkflowEngineBuilder AddStep<T>(this IWorkflowEngineBuilder builder, string type, Action<StepRegistrationBuilder>? configure = null)
        where T : class, IStep
    {
        var isShared = typeof(T).GetConstructors().Any(constructor => constructor.GetParameters().Length == 0);
        if (isShared)
        {
            var step = new Lazy<IStep>(static () => (IStep)Activator.CreateInstance(typeof(T), BindingFlags.Public | BindingFlags.Instance | BindingFlags.DoNotWrapExceptions, null, null, null)!, LazyThreadSafetyMode.PublicationOnly);
            return Add(builder, type, _ => step.Value, needsScope: false, configure);
        }

        var factory = ActivatorUtilities.CreateFactory<T>([]);
        return Add(builder, type, services => services.GetService<T>() ?? factory(services, null), needsScope: true, configure);
    }

    /// <summary>Registers a delegate.</summary>
    [OverloadResolutionPriority(1)]
    public static IWorkflowEngineBuilder AddStep(this IWorkflowEngineBuilder builder, string type, Func<StepPayload, CancellationToken, ValueTask<StepResult>> run, Action<StepRegistrationBuilder>? configure = null)
        => AddDelegate(builder, type, new DelegateStep(run), configure);

    /// <summary>Registers a delegate.</summary>
    public static IWorkflowEngineBuilder AddStep(this IWorkflowEngineBuilder builder, string type, Func<StepPayload, CancellationToken, Task<StepResult>> run, Action<StepRegistrationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return AddDelegate(builder, type, new DelegateStep((payload, cancellationToken) => new ValueTask<StepResult>(run(payload, cancellationToken))), configure);
    }

    /// <summary>Registers a delegate that does not wait.</summary>
    public static IWorkflowEngineBuilder AddStep(this IWorkflowEngineBuilder builder, string type, Func<StepPayload, CancellationToken, StepResult> run, Action<StepRegistrationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return AddDelegate(builder, type, new DelegateStep((payload, cancellationToken) => new ValueTask<StepResult>(run(payload, cancellationToken))), configure);
    }

    /// <summary>Registers a delegate that does not wait.</summary>
    public static IWorkflowEngineBuilder AddStep(this IWorkflowEngineBuilder builder, string type, Func<StepPayload, StepResult> run, Action<StepRegistrationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return AddDelegate(builder, type, new DelegateStep((payload, _) => new ValueTask<StepResult>(run(payload))), configure);
    }

    /// <summary>Registers a typed delegate: the newest item in, a new item out.</summary>
    public static IWorkflowEngineBuilder AddStep<TIn, TOut>(this IWorkflowEngineBuilder builder, string type, Func<TIn, TOut> run, Action<StepRegistrationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return AddDelegate(builder, type, new TypedDelegateStep<TIn, TOut>((input, _, _) => new ValueTask<TOut>(run(input))), configure);
    }

    /// <summary>Registers a typed delegate: the newest item in, a new item out.</summary>
    public static IWorkflowEngineBuilder AddStep<TIn, TOut>(this IWorkflowEngineBuilder builder, string type, Func<TIn, Task<TOut>> run, Action<StepRegistrationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return AddDelegate(builder, type, new TypedDelegateStep<TIn, TOut>((input, _, _) => new ValueTask<TOut>(run(input))), configure);
    }

    /// <summary>Registers a typed delegate: the newest item in, a new item out.</summary>
    public static IWorkflowEngineBuilder AddStep<TIn, TOut>(this IWorkflowEngineBuilder builder, string type, Func<TIn, CancellationToken, Task<TOut>> run, Action<StepRegistrationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return AddDelegate(builder, type, new TypedDelegateStep<TIn, TOut>((input, _, cancellationToken) => new ValueTask<TOut>(run(input, cancellationToken))), configure);
    }

    /// <summary>Registers a typed delegate that also takes the payload.</summary>
    public static IWorkflowEngineBuilder AddStep<TIn, TOut>(this IWorkflowEngineBuilder builder, string type, Func<TIn, StepPayload, CancellationToken, Task<TOut>> run, Action<StepRegistrationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return AddDelegate(builder, type, new TypedDelegateStep<TIn, TOut>((input, payload, cancellationToken) => new ValueTask<TOut>(run(input, payload, cancellationToken))), configure);
    }

    private static IWorkflowEngineBuilder AddDelegate(IWorkflowEngineBuilder builder, string type, IStep step, Action<StepRegistrationBuilder>? configure)
        => Add(builder, type, _ => step, needsScope: false, configure);

    private static IWorkflowEngineBuilder Add(IWorkflowEngineBuilder builder, string type, Func<IServiceProvider, IStep> resolve, bool needsScope, Action<StepRegistrationBuilder>? configure)
    {
        if (!Identifier.IsFlowId(type))
        {
            throw new ArgumentException($"'{type}' is not a legal step type: a letter or digit, then letters, digits, '_', '.' and '-', at most 128.", nameof(type));
        }

        var registration = new StepRegistrationBuilder(new StepRegistration { Type = type, Name = type, NeedsScope = needsScope, Resolve = resolve });
        configure?.Invoke(registration);
        builder.Composition().Steps.Add(_ => registration.Registration);
        return builder;
    }

    internal static EngineComposition Composition(this IWorkflowEngineBuilder builder)
        => (builder as WorkflowEngineBuilder ?? throw new ArgumentException("The builder must be the one that AddWorkflowEngine returned.", nameof(builder))).Composition;
}

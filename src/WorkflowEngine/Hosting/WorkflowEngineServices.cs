using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using WorkflowEngine;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers workflow engines.</summary>
public static class WorkflowEngineServices
{
    /// <summary>Adds the default engine. Safe to call twice: both calls fill the same engine.</summary>
    public static IWorkflowEngineBuilder AddWorkflowEngine(this IServiceCollection services, Action<WorkflowEngineOptions>? configure = null) => Add(services, null, configure);

    /// <summary>Adds a named engine, resolved as a keyed <see cref="IWorkflowEngine"/>.</summary>
    public static IWorkflowEngineBuilder AddWorkflowEngine(this IServiceCollection services, string name, Action<WorkflowEngineOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Add(services, name, configure);
    }

    private static WorkflowEngineBuilder Add(IServiceCollection services, string? name, Action<WorkflowEngineOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        var existing = services.Select(service => service.ServiceType == typeof(WorkflowEngineBuilder) && !service.IsKeyedService ? service.ImplementationInstance as WorkflowEngineBuilder : null)
            .FirstOrDefault(builder => builder is not null && builder.Name == name);
        var builder = existing ?? AddNew(services, name);
        if (configure is not null)
        {
            services.Configure(name ?? Options.Options.DefaultName, configure);
        }

        return builder;
    }

    private static WorkflowEngineBuilder AddNew(IServiceCollection services, string? name)
    {
        var builder = new WorkflowEngineBuilder(services, name, new EngineComposition());
        services.AddSingleton(builder);
        var optionsName = name ?? Options.Options.DefaultName;
        services.AddSingleton<IConfigureOptions<WorkflowEngineOptions>>(provider => new ConfigureNamedOptions<WorkflowEngineOptions>(
            optionsName,
            options => provider.GetService<IConfiguration>()?.GetSection(name is null ? "WorkflowEngine" : $"WorkflowEngine:{name}").Bind(options)));
        services.AddSingleton<IValidateOptions<WorkflowEngineOptions>>(new OptionsCheck(optionsName));
        services.AddOptions<WorkflowEngineOptions>(optionsName).ValidateOnStart();
        var key = name ?? string.Empty;
        services.AddKeyedSingleton(key, (provider, _) => new EngineHost(provider, builder.Composition, name));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<EngineHost>(key));
        if (name is null)
        {
            services.TryAddSingleton(provider => provider.GetRequiredKeyedService<EngineHost>(key).Client);
            services.TryAddSingleton(provider => provider.GetRequiredKeyedService<EngineHost>(key).Node.Registry);
        }
        else
        {
            services.AddKeyedSingleton(name, (provider, _) => provider.GetRequiredKeyedService<EngineHost>(name).Client);
        }

        return builder;
    }

    private sealed class OptionsCheck(string forName) : IValidateOptions<WorkflowEngineOptions>
    {
        public ValidateOptionsResult Validate(string? name, WorkflowEngineOptions options)
        {
            if (name != forName)
            {
                return ValidateOptionsResult.Skip;
            }

            var problems = options.Problems().ToList();
            return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
        }
    }
}

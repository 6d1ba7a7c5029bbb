using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using WorkflowEngine;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddWorkflowEngine()
    .AddStep<CheckStock>("check_stock")
    .AddStep("quote", (Order order) => new Quote(order.Quantity * 9.50m))
    .AddStep("confirm", payload => DataPacket.Of(new Confirmation(payload.Inputs.Get<Stock>("stock").Left, payload.Inputs.Get<Quote>("price").Total)))
    .AddFlow("order", flow => flow
        .Start("stock", "check_stock", step => step.With("on_shelf", 5).Retry(maxAttempts: 3))
        .Start("price", "quote")                                    // runs beside "stock"
        .Join("confirm", "confirm", after: ["stock", "price"]));    // runs once, after both

using var host = builder.Build();
await host.StartAsync();
var engine = host.Services.GetRequiredService<IWorkflowEngine>();
var job = await engine.StartAsync("order", new Order("lamp", Quantity: 3));
await foreach (var happened in job.WatchAsync())
{
    Console.WriteLine($"{happened.Sequence,2} {happened.Type,-15} {happened.StepPath}");
}

Console.WriteLine(await job.GetOutputAsync<Confirmation>());
await host.StopAsync();

internal sealed record Order(string Article, int Quantity);
internal sealed record Stock(int Left);
internal sealed record Quote(decimal Total);
internal sealed record Confirmation(int Left, decimal Total);

internal sealed class CheckStock : IStep<Order, Stock>
{
    public ValueTask<Stock> ExecuteAsync(Order input, StepPayload payload, CancellationToken cancellationToken)
        => new(new Stock(payload.Config.Get<int>("on_shelf") - input.Quantity));
}

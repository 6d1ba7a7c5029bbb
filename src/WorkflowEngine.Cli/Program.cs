using WorkflowEngine.Cli;

return await CommandLine.RunAsync(args);

import { lazy } from "react";
import { Navigate, Route, Routes } from "react-router";

const AlarmDetail = lazy(() => import("../pages/alarms/AlarmDetail"));
const AlarmEdit = lazy(() => import("../pages/alarms/AlarmEdit"));
const AlarmCopy = lazy(() => import("../pages/alarms/AlarmCopy"));
const AlarmList = lazy(() => import("../pages/alarms/AlarmList"));
const AlarmNew = lazy(() => import("../pages/alarms/AlarmNew"));
const CompositeNew = lazy(() => import("../pages/alarms/CompositeNew"));
const Dashboard = lazy(() => import("../pages/dashboard/Dashboard"));
const EventHistory = lazy(() => import("../pages/history/EventHistory"));
const HealthPage = lazy(() => import("../pages/health/HealthPage"));
const Insights = lazy(() => import("../pages/insights/Insights"));
const LogGroupDetail = lazy(() => import("../pages/logs/LogGroupDetail"));
const LogGroupList = lazy(() => import("../pages/logs/LogGroupList"));
const MetricFilterList = lazy(() => import("../pages/metric-filters/MetricFilterList"));
const MetricFilterNew = lazy(() => import("../pages/metric-filters/MetricFilterNew"));
const MetricFilterEdit = lazy(() => import("../pages/metric-filters/MetricFilterEdit"));
const Metrics = lazy(() => import("../pages/metrics/Metrics"));
const Organization = lazy(() => import("../pages/organization/Organization"));
const RuleDetail = lazy(() => import("../pages/rules/RuleDetail"));
const RuleEdit = lazy(() => import("../pages/rules/RuleEdit"));
const RuleList = lazy(() => import("../pages/rules/RuleList"));
const RuleNew = lazy(() => import("../pages/rules/RuleNew"));
const SettingsPage = lazy(() => import("../pages/settings/SettingsPage"));
const SwitchRole = lazy(() => import("../pages/switch-role/SwitchRole"));
const TrailDetail = lazy(() => import("../pages/trails/TrailDetail"));
const TrailList = lazy(() => import("../pages/trails/TrailList"));
const TrailWizard = lazy(() => import("../pages/trails/TrailWizard"));

/** Which page stands at which path behind `/console`. */
export function Pages() {
  return (
    <Routes>
      <Route path="/" element={<Dashboard />} />
      <Route path="/history" element={<EventHistory />} />
      <Route path="/trails" element={<TrailList />} />
      <Route path="/trails/new" element={<TrailWizard />} />
      <Route path="/trails/:region/:name" element={<TrailDetail />} />
      <Route path="/insights" element={<Insights />} />
      <Route path="/log-groups" element={<LogGroupList />} />
      <Route path="/log-groups/:region/:group" element={<LogGroupDetail />} />
      <Route path="/log-groups/:region/:group/filters/new" element={<MetricFilterNew />} />
      <Route path="/log-groups/:region/:group/filters/edit" element={<MetricFilterEdit />} />
      <Route path="/metric-filters" element={<MetricFilterList />} />
      <Route path="/metrics" element={<Metrics />} />
      <Route path="/alarms" element={<AlarmList />} />
      <Route path="/alarms/new" element={<AlarmNew />} />
      <Route path="/alarms/new-composite" element={<CompositeNew />} />
      <Route path="/alarms/:region/:name" element={<AlarmDetail />} />
      <Route path="/alarms/:region/:name/edit" element={<AlarmEdit />} />
      <Route path="/alarms/:region/:name/copy" element={<AlarmCopy />} />
      <Route path="/rules" element={<RuleList />} />
      <Route path="/rules/new" element={<RuleNew />} />
      <Route path="/rules/:region/:bus/:name" element={<RuleDetail />} />
      <Route path="/rules/:region/:bus/:name/edit" element={<RuleEdit />} />
      <Route path="/organization" element={<Organization />} />
      <Route path="/settings" element={<SettingsPage />} />
      <Route path="/switch-role" element={<SwitchRole />} />
      <Route path="/health" element={<HealthPage />} />
      <Route path="*" element={<Navigate to="/" replace />} />
    </Routes>
  );
}

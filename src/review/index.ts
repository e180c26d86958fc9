export { EnvironmentReview } from './environmentReview';
export { ReviewView } from './reviewView';
